"""Ask a host what it remembers, and tell what is absent from what is damaged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from ..facts.host import Desired, LastChange, LoadedImage
from ..release import VERSION
from ..remote.command import Answer, Command
from ..remote.files import ID, found, quoted
from ..text import parse_object

LIMIT = 10
KEPT_VERSIONS = 50
"""How many of the versions that were healthy are read, the newest last."""
SAMPLES = 5
"""How many of the history's last lines are read to find a change among the watchdog's samples."""
OWNER = 'if [ -e "$b/host" ] && [ ! -e "$b/$i" ]; then o=; read -r o <"$b/host"; echo "host ${o:-?} $i"; fi; '
"""Whose the folder is, while this host has no folder of its own in it."""
SAME_COMPUTER = re.compile(r"(\S*-)([0-9a-f]{32}) (\S*-)\2")
"""Two ids with the same machine-id: a host that got another name, or a copy of its disk."""
WRONG = (
    'p=${b%/*}; if [ -e "$p" ] && [ ! -x "$p" ]; then echo "wrong . its folder may not be read"; '
    'elif [ ! -e "$d" ] && [ ! -L "$d" ]; then :; elif [ ! -d "$d" ]; then echo "wrong . it is not a folder"; '
    'elif [ ! -r "$d" ] || [ ! -x "$d" ]; then echo "wrong . it may not be read"; else cd "$d" && '
    "for f in wanted healthy lock history.jsonl; do if [ ! -e $f ] && [ ! -L $f ]; then :; "
    'elif [ ! -f $f ]; then echo "wrong $f it is not a file"; '
    'elif [ ! -r $f ]; then echo "wrong $f it may not be read"; '
    'elif [ ! -s $f ]; then case $f in wanted|healthy) echo "wrong $f it is empty";; esac; fi; done; fi; true'
)
"""What is wrong with the files; an empty lock is free, and an empty history has nothing in it."""
PROVEN = re.compile(rf"({VERSION.pattern})(?: (sha256:[0-9a-f]+))?")
"""A version that was healthy, and the digest of its image; older versions of this tool left none."""
DIGEST = re.compile("(sha256:[0-9a-f]+)?")
DAMAGED, NO_VERSIONS = "it is damaged", "it has lines that are no versions"


@dataclass(frozen=True)
class State:
    """What a host remembers. files: the folder; damaged: file -> what is wrong with it."""

    files: str
    desired: Optional[Desired]
    proven: tuple[str, ...]
    loading: frozenset[str]
    damaged: Mapping[str, str]
    last_change: Optional[LastChange] = None
    proven_images: Mapping[str, str] = field(default_factory=dict)
    loaded: Optional[tuple[LoadedImage, ...]] = ()


def questions(folder: str) -> dict[str, Command]:
    """The lines that ask what the host remembers."""
    at = found(folder)
    lines = {
        "state": f'b={quoted(folder)}; printf "files %s\\n" "$d"; {ID}{OWNER}{WRONG}',
        "proven": f'[ -f "$d/healthy" ] && tail -n {KEPT_VERSIONS} "$d/healthy"',
        "loading": 'cd "$d" && ls -d loading-*',
        "loaded": 'if [ -e "$d/loaded" ]; then cat "$d/loaded"; else echo none; fi',
        "desired": '[ -f "$d/wanted" ] && cat "$d/wanted"',
        "changed": f'[ -f "$d/history.jsonl" ] && tail -n {SAMPLES} "$d/history.jsonl"',
    }
    return {name: Command(at + line, LIMIT, shared=at) for name, line in lines.items()}


def state(default: str, answers: Mapping[str, Answer]) -> State:
    """What the answers tell. default: the folder of a host that does not name it."""
    said = answers["state"]
    damaged = dict(re.findall(r"^wrong (\S+) (.+)$", said.out, re.MULTILINE))
    if not said.ok:
        damaged["."] = said.said or "it cannot be read"
    files, owner = re.search(r"^files (/.+)$", said.out, re.MULTILINE), _owner(said.out)
    if owner:
        damaged["host"] = owner
    asked, printed = answers["desired"], answers["proven"].out.splitlines()
    desired = _desired(asked.out)
    if asked.late or (asked.ok and not desired):
        damaged.setdefault("wanted", asked.said if asked.late else DAMAGED)
    proven = [(row[1], row[3] or "") for row in map(PROVEN.fullmatch, printed) if row]
    if len(proven) < len(printed):
        damaged.setdefault("healthy", NO_VERSIONS)
    loading = frozenset(mark.partition("-")[2] for mark in answers["loading"].out.split())
    changed = _last_change(answers["changed"].out)
    versions, images = tuple(version for version, _ in proven), {version: image for version, image in proven if image}
    loaded = () if damaged.keys() & {".", "host"} else _loaded(answers["loaded"].out)
    at = files[1] if files else default
    return State(at, desired, versions, loading, damaged, changed, images, loaded)


def _last_change(printed: str) -> Optional[LastChange]:
    """The last entry of a history that has steps: the watchdog's samples of what it saw have none."""
    for entry in map(parse_object, reversed(printed.splitlines())):
        if entry.get("steps"):
            return LastChange(str(entry.get("task")), str(entry.get("outcome")))
    return None


def _owner(printed: str) -> Optional[str]:
    """Why the files may be another host's by mistake; None where that is not so."""
    row = re.search(r"^host (\S+) (\S+)$", printed, re.MULTILINE)
    if not row or row[1] == row[2]:
        return None
    if row[1] == "?":
        return "it names no host"
    same = SAME_COMPUTER.fullmatch(f"{row[1]} {row[2]}")
    return f"it names {row[1]}: this host by an older name, or another one (this is {row[2]})" if same else None


def _desired(printed: str) -> Optional[Desired]:
    """The release that the host is to run; None for anything that was not written so."""
    said = parse_object(printed)
    told = [said.get(key, "") for key in ("version", "since", "by", "digest")]
    if not all(isinstance(text, str) for text in told):
        return None
    return Desired(*told) if VERSION.fullmatch(told[0]) and DIGEST.fullmatch(told[3]) else None


def _loaded(printed: str) -> Optional[tuple[LoadedImage, ...]]:
    """The images that this tool loaded; None only where the host says that it has no such record."""
    if printed == "none\n":
        return None
    rows = [line.removesuffix(" -").split() for line in printed.splitlines()]
    return tuple(LoadedImage(*row) for row in rows if len(row) in (2, 3) and VERSION.fullmatch(row[0]))
