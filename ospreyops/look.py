"""What a look asks of a host, all in one round trip, and how the answers are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Optional

from .command import Answer, Command, sh
from .errors import Blocked
from .facts import HostFacts, Unit, Wanted
from .lock import FILES, parsed
from .release import CONTAINER, SCRIPT, UNIT, VERSION
from .settings import Settings

LIMIT = 10
TAIL = 12
"""Lines of the service's log that a look brings along."""
TOOLS = ("docker", "lbzip2", "bzip2")
ARCHIVE = re.compile(r"osprey-service-docker-(.+)\.tar(\.bz2)?")


def questions(settings: Settings) -> dict[str, Command]:
    """The shell lines that ask about the host itself."""
    folder, port = settings.folder, settings.service_port
    return {
        "host": sh("uname -s; id -un; echo ~; date +%s", limit=LIMIT),
        "tools": sh(f"for t in {' '.join(TOOLS)}; do command -v $t; done; true", limit=LIMIT),
        "disk": sh(
            'f={folder}; while [ ! -e "$f" ]; do f=$(dirname "$f"); done; df -Pk "$f" | tail -n 1; '
            '[ ! -w "$f" ] || echo writable',
            folder=folder,
            limit=LIMIT,
        ),
        "unpacked": sh(
            f"cd {{folder}} && for f in {ARCHIVES}.bz2 */{ARCHIVES}.bz2; do"
            f' if [ -f "$f" ] && [ -f "$(dirname "$f")/{SCRIPT}" ]; then echo "$f"; fi; done',
            folder=folder,
            limit=LIMIT,
        ),
        "archives": sh(f"cd {{archive}} && wc -c {ARCHIVES}", archive=settings.archive, limit=LIMIT),
        "unit": sh(
            "[ ! -d /run/systemd/system ] ||"
            " systemctl show {unit} -p LoadState -p ActiveState -p FragmentPath -p WorkingDirectory -p ExecStart",
            unit=UNIT,
            limit=LIMIT,
        ),
        "listener": sh(
            f"ss -Hltnp 'sport = :{port}' 2>/dev/null || lsof -nP -iTCP:{port} -sTCP:LISTEN | tail -n +2", limit=LIMIT
        ),
        "sleep": sh('[ "$(uname -s)" != Darwin ] || pmset -g', limit=LIMIT),
        "ended": sh("cat {end}", end=f"{folder}/{CONTAINER}.ended", limit=LIMIT),
        "healthy": sh("tail -n 50 {file}", file=f"{folder}/{FILES}/healthy", limit=LIMIT),
        "loading": sh("cd {files} && ls -d loading-*", files=f"{folder}/{FILES}", limit=LIMIT),
        "wanted": sh("cat {wanted}", wanted=f"{folder}/{FILES}/wanted", limit=LIMIT),
        "log": sh(
            f'cd {{folder}} && for f in {LOGS}; do [ ! -f "$f" ] || wc -c "$f"; done && echo'
            f' && tail -n {TAIL} "$(ls -t {LOGS} | head -n 1)"',
            folder=folder,
            limit=LIMIT,
        ),
    }


ARCHIVES = "osprey-service-docker-*.tar"
LOGS = f"{CONTAINER}.log {CONTAINER}-[0-9]*.log"


def host_facts(settings: Settings, answers: Mapping[str, Answer]) -> HostFacts:
    """The host as its answers show it. Errors: Blocked when it did not even say who it is."""
    try:
        system, user, home, now = answers["host"].out.splitlines()
        clock = float(now)
    except ValueError:
        said = answers["host"].said or answers["host"].out
        raise Blocked(
            f"{settings.name} did not say what it is", evidence=said, hint=f"inv status -H {settings.name} -v"
        ) from None
    folder = (home + settings.folder[1:] if settings.folder.startswith("~/") else settings.folder).rstrip("/")
    if not answers["unit"].ok:
        raise Blocked(
            f"systemd on {settings.name} cannot be asked: {answers['unit'].said}", hint="is dbus installed there?"
        )
    sizes, _, tail = answers["log"].out.partition("\n\n")
    return HostFacts(
        name=settings.name,
        user=user,
        system=system,
        home=home,
        folder=folder,
        now=clock,
        disk_free=_disk_free(answers["disk"].out),
        tools=frozenset(path.rpartition("/")[2] for path in answers["tools"].out.split()),
        writable="writable" in answers["disk"].out.splitlines(),
        unpacked=_releases(folder, answers["unpacked"].out),
        archives=_archives(settings.archive, answers["archives"].out),
        unit=_unit(answers["unit"].out),
        listener=_listener(answers["listener"].out),
        ended=_whole(answers["ended"].out),
        sleeps_after=_sleeps_after(answers["sleep"].out),
        logs={row[1]: _whole(row[0]) or 0 for line in sizes.splitlines() if len(row := line.split()) == 2},
        log_tail=tail,
        wanted=_wanted(answers["wanted"].out),
        healthy=tuple(version for version in answers["healthy"].out.split() if VERSION.fullmatch(version)),
        loading=frozenset(mark.partition("-")[2] for mark in answers["loading"].out.split()),
    )


def _named(listing: str) -> list[tuple[str, str]]:
    """(version, line) of each line that ends in the name of an archive; names of no version are passed over."""
    rows = []
    for line in listing.splitlines():
        found = ARCHIVE.fullmatch(line.rpartition("/")[2])
        if found and VERSION.fullmatch(found[1]):
            rows.append((found[1], line))
    return rows


def _releases(folder: str, listing: str) -> dict[str, str]:
    """Version -> folder; a folder named like its version wins over others."""
    found: dict[str, str] = {}
    for version, line in _named(listing):
        inner = line.rpartition("/")[0]
        if inner == version or version not in found:
            found[version] = f"{folder}/{inner}".rstrip("/")
    return found


def _archives(folder: str, listing: str) -> dict[str, tuple[str, int]]:
    """(path, size) by version, from what `wc -c` prints."""
    rows = [line.split() for line in listing.splitlines()]
    sizes = {row[1]: _whole(row[0]) or 0 for row in rows if len(row) == 2}
    return {version: (f"{folder}/{name}", sizes[name]) for version, name in _named("\n".join(sizes))}


def _disk_free(printed: str) -> Optional[int]:
    """The third of df's numbers, in bytes; what comes before and after them may have spaces."""
    found = re.search(r"\s[0-9]+\s+-?[0-9]+\s+(-?[0-9]{1,15})\s+[0-9]+%", printed)
    return max(0, int(found[1])) * 1024 if found else None


def _whole(printed: str) -> Optional[int]:
    """A whole number, None for anything else."""
    return int(printed) if re.fullmatch(r"\s*[0-9]{1,18}\s*", printed) else None


def _wanted(printed: str) -> Optional[Wanted]:
    """What the host is meant to run; None for anything that was not written so."""
    said = parsed(printed)
    version, since, by = (said.get(key, "") for key in ("version", "since", "by"))
    if not (isinstance(version, str) and isinstance(since, str) and isinstance(by, str)):
        return None
    return Wanted(version, since, by) if VERSION.fullmatch(version) else None


def _unit(printed: str) -> Optional[Unit]:
    """The unit from `systemctl show`; None where systemd has no such unit, or is not there."""
    said = dict(line.partition("=")[::2] for line in printed.splitlines())
    if said.get("LoadState") != "loaded":
        return None
    version = re.search(r"(?:--version|-v) +([0-9.]+)", said.get("ExecStart", ""))
    return Unit(
        said.get("ActiveState", ""),
        said.get("FragmentPath", ""),
        said.get("WorkingDirectory", ""),
        version[1] if version else "",
    )


def _sleeps_after(printed: str) -> int:
    """The minutes of `sleep` in `pmset -g`, whose remarks and other keys are passed over (field book: macos, 2)."""
    found = re.search(r"^\s*sleep\s+(\d{1,6})\b", printed, re.M)
    forbidden = re.search(r"^\s*SleepDisabled\s+1\b", printed, re.M)
    return int(found[1]) if found and not forbidden else 0


def _listener(printed: str) -> str:
    """Who listens, from a line of ss or lsof; ss names nobody to a user who is not root."""
    if not printed.strip():
        return ""
    line = printed.strip().splitlines()[0]
    if line.startswith("LISTEN"):
        found = re.search(r'\("([^"]+)",pid=(\d+)', line)
        return f"{found[1]} (pid {found[2]})" if found else "a process that only root may see"
    name, pid = [*line.split(), "?", "?"][:2]
    return f"{name} (pid {pid})"
