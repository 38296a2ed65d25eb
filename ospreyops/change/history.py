"""The history of a host: a line for each task that changed it."""

from __future__ import annotations

import re
import socket
import textwrap
from typing import Any, Optional

from ..console import Console
from ..errors import Failed
from ..facts import Facts
from ..release import IMAGE
from ..remote.command import Command, quote, sh
from ..remote.files import found
from ..remote.host import Host
from ..text import ago_iso, ascii_json, iso_utc, parse_object, span, who

LIMIT = 20
MOST = 1_000_000
"""Bytes of a history that are asked for: an answer holds little more."""
COLUMNS, MARGIN, LEAST, WHOLE = 73, 7, 20, 10**6
"""Signs of a line on a terminal, and of what is left free there; of a column; of a line in a file, which is whole."""
INDENT = " " * 4
GOOD, BAD = ("ok", "healthy"), ("failed", "interrupted", "cut off", "unhealthy")
"""Outcomes of tasks, and of the watchdog's looks, that are good; and how those begin that are not."""


def version_of(facts: Facts) -> Optional[str]:
    """The version that runs; None when none does."""
    service = facts.serving
    return service.version if service and service.running else None


def digest_of(facts: Facts, image: Optional[str]) -> Optional[str]:
    """The digest of the image that a task is about, else of the service that runs; None when there is neither."""
    if not facts.engine:
        return None
    if image and image in facts.engine.images:
        return facts.engine.images[image].digest
    service = facts.serving
    return service.digest if service and service.running else None


def archive_of(facts: Facts, image: Optional[str]) -> Optional[str]:
    """The sha256 of the archive that the release of that image was unpacked from; None where that is not known."""
    return facts.host.unpacked_from.get(image.rpartition(":")[2]) if image else None


def typed(title: str, options: dict[str, Any]) -> str:
    """A task with its options, as `inv` would be given them."""
    words = [title]
    for name, value in options.items():
        flag = "--" + name.strip("_").replace("_", "-")
        words += [flag] * (value is True) + ([flag, quote(value)] if isinstance(value, str) and value else [])
    return " ".join(words)


def image_of(options: dict[str, Any]) -> Optional[str]:
    """The image of the release that a task's options name; None when they name none."""
    version = options.get("version")
    return f"{IMAGE}:{version}" if version else None


def sample(host: Host, console: Console, facts: Facts, outcome: str) -> None:
    """Leave the history a line of what the watchdog saw; a host that does not take it is watched all the same."""
    own = facts.host
    entry = {"when": iso_utc(own.now), "who": who(), "from": socket.gethostname(), "task": "watch", "outcome": outcome}
    line = sh(
        "umask 022 && mkdir -p {folder} && umask 077 && mkdir -p {files} && f={files}/history.jsonl"
        ' && { [ ! -s "$f" ] || [ ! "$(tail -c 1 "$f")" ] || echo >>"$f"; }'
        " && printf '%s\\n' {entry} >>\"$f\"",
        folder=own.folder,
        files=own.files,
        entry=ascii_json({**entry, "host": host.name, "after": version_of(facts)}),
        limit=LIMIT,
        sudo=not own.writable,
        own=own.folder,
    )
    try:
        host.run(line)
    except Failed as error:
        console.dim(f"the history of {host.name} could not be written: {error.case}")


def question(folder: str, count: int) -> Command:
    """Show the last lines of the history, as many as an answer holds: the newest."""
    read = f'head -c 1 "$f" >/dev/null && tail -n {count} "$f" | tail -c {MOST + 1}'
    return Command(f'{found(folder)}f="$d/history.jsonl"; [ ! -e "$f" ] || {{ {read}; }}', LIMIT)


def newest(printed: str) -> tuple[str, bool]:
    """The whole lines of the answer to `question`, and whether older ones that were asked for are left out."""
    cut = len(printed.encode(errors="replace")) > MOST
    return (printed.partition("\n")[2] if cut else printed), cut


def entries(text: str) -> tuple[list[dict[str, Any]], int]:
    """The entries of a history, oldest first, and how many of its lines are torn: those that are no entry."""
    rows = [(row, parse_object(row)) for row in text.split("\n") if row.strip()]
    entries = [entry for _, entry in rows if entry.keys() >= {"when", "task", "outcome"}]
    return entries, len(rows) - len(entries)


def rows(
    found: list[dict[str, Any]], *, room: int = COLUMNS, now: Optional[float] = None
) -> list[tuple[Optional[bool], str, str]]:
    """The entries as rows of a status table: what was done and when, and below it between which versions, by whom.

    room: signs of a line, without its mark.
    """
    moments = [ago_iso(_one_line(entry["when"]), now) for entry in found]
    widest = max(map(len, moments), default=0)
    return [(_judged(entry), moment.ljust(widest), _told(entry, widest, room)) for entry, moment in zip(found, moments)]


def _judged(entry: dict[str, Any]) -> Optional[bool]:
    outcome = _one_line(entry["outcome"])
    return True if outcome in GOOD else False if outcome.startswith(BAD) else None


def _told(entry: dict[str, Any], widest: int, room: int) -> str:
    seconds, outcome = entry.get("seconds"), _one_line(entry["outcome"])
    took = span(seconds) if isinstance(seconds, (int, float)) else ""
    by = f"by {_one_line(entry.get('who', '?'))}@{_one_line(entry.get('from', '?'))}"
    details = [", ".join(filter(None, [_versions(entry), took, by])), *([] if outcome == "ok" else [outcome])]
    task = _wrapped(_one_line(entry["task"]), " " * (widest + 3), room)
    return "\n".join([*task, *(line for text in details for line in _wrapped(text, INDENT, room))]).lstrip()


def _versions(entry: dict[str, Any]) -> str:
    """What ran before and after; empty where the entry does not tell."""
    told = [_one_line(entry[key] or "nothing") for key in ("before", "after") if key in entry]
    return " -> ".join(dict.fromkeys(told))


def _wrapped(text: str, indent: str, room: int) -> list[str]:
    return [indent + line for line in textwrap.wrap(text, max(room - len(indent), LEAST)) or ["?"]]


def _one_line(value: object) -> str:
    return re.sub(r"\s+", " ", str(value))
