"""Ask a host about itself, and read its answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Optional

from ..errors import Blocked
from ..facts import programs
from ..facts.host import HostFacts, ScriptEnd
from ..release import CONTAINER, DECODED, LAYERS, MARK, PROBES, SCRIPT, UNIT, UNTOUCHED, VERSION
from ..remote import protocol
from ..remote.command import Answer, Command, quote, sh
from ..settings import FILES, Settings
from ..text import whole_number
from ..tools import df, pmset, sockets, systemctl
from . import state

LIMIT = 10
"""Seconds that one question may take."""
LOG_LINES, LOG_READ = 12, 300
"""Lines of the service's log that a look brings along."""
IDENTITY = re.compile(r"([\w.-]{1,64})\n([^\x00-\x1f\x7f]{1,256})\n([/~][^\x00-\x1f\x7f]{0,4000})\n([0-9]{1,12})\n")
"""System, user, home folder and clock."""
ARCHIVE = re.compile(r"osprey-service-docker-(.+)\.tar(\.bz2)?")
ARCHIVES = "osprey-service-docker-*.tar"
PRINT = 'p() { printf %s "$1" | tr "\\n" "?"; echo; }'
"""The shell prints a name as one row, whatever is in it."""
LOGS = f"{CONTAINER}.log {CONTAINER}-[0-9]*.log"


def questions(settings: Settings) -> dict[str, Command]:
    """The lines that ask about the host, and what lies in the service's folder."""
    return {**itself(settings), **in_folder(settings.folder, settings.archive)}


def itself(settings: Settings) -> dict[str, Command]:
    """The lines that ask about the host itself."""
    return {
        **_in_one_shell(
            "LC_ALL=C; ",
            host=sh("uname -s; id -un; printf '%s\\n' ~; date +%s", limit=LIMIT),
            tools=sh(f"for t in {' '.join(programs.ASKED)}; do command -v $t; done; true", limit=LIMIT),
            sleep=pmset.show(LIMIT),
        ),
        "unit": systemctl.show_unit(UNIT, LIMIT),
        "listener": sockets.show(settings.service_port, LIMIT),
    }


def in_folder(folder: str, archive: str) -> dict[str, Command]:
    """The lines that ask what lies in the service's folder, and in the archive."""
    return {
        **_in_one_shell(f"f={quote(folder)}; ", **_releases_questions(), **_log_questions()),
        "archives": sh(f"cd {{archive}} && wc -c {ARCHIVES}", archive=archive, limit=LIMIT),
        **state.questions(folder),
        "open": Command(protocol.own("tell", folder), LIMIT),
    }


def _in_one_shell(begin: str, **questions: Command) -> dict[str, Command]:
    """The same lines, which one shell of the host runs: each shell takes some of its processor."""
    return {name: Command(begin + asked.line, asked.limit, shared=begin) for name, asked in questions.items()}


def _releases_questions() -> dict[str, Command]:
    """The room in the folder, and the releases in it."""
    return {
        "disk": sh(
            'd=$f; while [ ! -e "$d" ]; do d=$(dirname "$d"); done; df -Pk "$d"; [ ! -w "$d" ] || echo writable',
            limit=LIMIT,
        ),
        "unpacked": sh(
            f'{PRINT}; cd "$f" && {{ for f in {ARCHIVES}.bz2 */{ARCHIVES}.bz2; do'
            f' if [ -f "$f" ] && [ -f "$(dirname "$f")/{SCRIPT}" ]; then p "$f"; fi; done;'
            f' for f in */{MARK}; do d=$(dirname "$f");'
            f' [ -f "$d/{LAYERS}" ] && [ -f "$d/{SCRIPT}" ] && s=$(grep -a "^base:" "$f") && p "$d/$s";'
            f' if [ ! -h "$d" ] && ( cd "$d" && {UNTOUCHED} ); then p "$d/";'
            ' s=$(grep -a "^sha256:" "$f") && p "$d/$s"; fi; done;'
            f' for f in {DECODED}/*_*; do [ ! -e "$f" ] || p "$f"; done; }}',
            limit=LIMIT,
        ),
    }


def _log_questions() -> dict[str, Command]:
    """How the start script ended, and the service's logs."""
    return {
        "ended": sh(f'cat "$f/{CONTAINER}.ended"', limit=LIMIT),
        "log": sh(
            f'cd "$f" && for f in {LOGS}; do [ ! -f "$f" ] || wc -c "$f"; done && echo'
            f' && tail -n {LOG_READ} "$(ls -t {LOGS} | head -n 1)" | grep -aEv {{probes}} | tail -n {LOG_LINES}',
            probes=PROBES,
            limit=LIMIT,
        ),
    }


def host_facts(settings: Settings, answers: Mapping[str, Answer]) -> HostFacts:
    """The host as its answers show it. Errors: Blocked when it did not even say what it is."""
    system, user, home, now = _identity(settings.name, answers["host"])
    folder = (home + settings.folder[1:] if settings.folder.startswith("~/") else settings.folder).rstrip("/")
    if not answers["unit"].ok:
        raise Blocked(
            f"systemd on {settings.name} cannot be asked: {answers['unit'].said}", hint="is dbus installed there?"
        )
    sizes, _, tail = answers["log"].out.partition("\n\n")
    own = state.state(f"{folder}/{FILES}", answers)
    return HostFacts(
        name=settings.name,
        user=user,
        system=system,
        home=home,
        folder=folder,
        now=now,
        disk_free=df.free(answers["disk"].out),
        tools=frozenset(path.rpartition("/")[2] for path in answers["tools"].out.split()),
        writable="writable" in answers["disk"].out.splitlines(),
        unpacked=_releases(folder, answers["unpacked"].out),
        own=_own(folder, answers["unpacked"].out),
        unpacked_from=_sources(answers["unpacked"].out),
        parts=_parts(answers["unpacked"].out),
        decoded=_decoded(answers["unpacked"].out),
        archives=_archives(settings.archive, answers["archives"].out),
        unit=systemctl.unit(answers["unit"].out),
        systemd=bool(answers["unit"].out),
        listener=sockets.listener(answers["listener"].out),
        script_end=_script_end(answers["ended"].out),
        sleeps_after=pmset.sleeps_after(answers["sleep"].out),
        logs={row[1]: whole_number(row[0]) or 0 for line in sizes.splitlines() if len(row := line.split()) == 2},
        log_tail=tail,
        state_folder=own.files,
        desired=own.desired,
        proven=own.proven,
        proven_images=own.proven_images,
        loaded=own.loaded,
        loading=own.loading,
        damaged=own.damaged,
        last_change=own.last_change,
        open_to=_open_to(answers["open"].out),
    )


def _open_to(printed: str) -> Mapping[str, str]:
    """What others than root, or than root and this user, may change of the folder: its rows by their first word."""
    rows = [row.split("\t") for row in printed.splitlines()]
    return {row[0]: row[2] for row in rows if len(row) == 3}


def _identity(name: str, answer: Answer) -> tuple[str, str, str, float]:
    """System, user, home folder and clock. Errors: Blocked."""
    if row := IDENTITY.fullmatch(answer.out):
        return row[1], row[2], row[3], float(row[4])
    raise Blocked(f"{name} did not say what it is", evidence=answer.said or answer.out, hint=f"inv status -H {name} -v")


def _versions(listing: str) -> list[tuple[str, str]]:
    """(version, line) of each line that ends in the name of an archive; a name without a version is left out."""
    rows = []
    for line in listing.splitlines():
        found = ARCHIVE.fullmatch(line.rpartition("/")[2])
        if found and VERSION.fullmatch(found[1]):
            rows.append((found[1], line))
    return rows


def _releases(folder: str, listing: str) -> dict[str, str]:
    """Version -> folder; a folder named like its version wins over others."""
    found: dict[str, str] = {}
    for version, line in _versions(listing):
        inner = line.rpartition("/")[0]
        if inner == version or version not in found:
            found[version] = f"{folder}/{inner}".rstrip("/")
    return found


def _archives(folder: str, listing: str) -> dict[str, tuple[str, int]]:
    """(path, bytes) by version, from what `wc -c` prints."""
    rows = [line.split() for line in listing.splitlines()]
    sizes = {row[1]: whole_number(row[0]) or 0 for row in rows if len(row) == 2}
    return {version: (f"{folder}/{name}", sizes[name]) for version, name in _versions("\n".join(sizes))}


def _script_end(printed: str) -> Optional[ScriptEnd]:
    """The exit status and the version that the start line left behind; older versions of this tool left no version."""
    found = re.fullmatch(rf"([0-9]{{1,3}})(?: ({VERSION.pattern}))?\s*", printed)
    return ScriptEnd(int(found[1]), found[2]) if found else None


def _own(folder: str, listing: str) -> frozenset[str]:
    """The folders with a mark of this tool whose whole name is a version."""
    names = [line.removesuffix("/") for line in listing.splitlines() if line.endswith("/")]
    return frozenset(f"{folder}/{name}" for name in names if VERSION.fullmatch(name))


def _parts(listing: str) -> dict[str, str]:
    """Version -> the version that has its other layers, as the mark in its folder has it."""
    rows = (line.partition("/base:") for line in listing.splitlines())
    return {name: base for name, _, base in rows if VERSION.fullmatch(name) and VERSION.fullmatch(base)}


def _decoded(listing: str) -> frozenset[str]:
    """The versions of which a file is kept decoded, or was being written."""
    names = (line.partition("_")[0] for line in listing.splitlines() if line.startswith(f"{DECODED}/"))
    return frozenset(version for name in names if VERSION.fullmatch(version := name.removeprefix(f"{DECODED}/")))


def _sources(listing: str) -> dict[str, str]:
    """Version -> the sha256 of its archive, as the mark in its folder has it."""
    rows = (line.partition("/sha256:") for line in listing.splitlines())
    return {
        name: digest for name, _, digest in rows if VERSION.fullmatch(name) and re.fullmatch("[0-9a-f]{64}", digest)
    }
