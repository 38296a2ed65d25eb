"""What `ps` prints: processes and for how long they have run."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..facts.machine import Process
from ..remote.command import Command

ETIME = r"((?:\d+-)?(?:\d+:)?\d+:\d+)"
"""How ps prints since when a process runs: [[dd-]hh:]mm:ss."""


def elapsed(etime: str) -> int:
    """The seconds of a text that ETIME matches."""
    days, _, clock = etime.rpartition("-")
    seconds = 0
    for part in clock.split(":"):
        seconds = seconds * 60 + int(part)
    return int(days or 0) * 86400 + seconds


def list_processes(pattern: str, limit: float) -> Command:
    """List the processes of the user whose command line has that pattern."""
    return Command(f"ps -xww -o pid=,pgid=,etime=,command= | grep -E '{pattern}'", limit)


def kill(targets: Iterable[int]) -> Command:
    """End processes, or process groups by their negative number, at once."""
    return Command(f"kill -9 -- {' '.join(str(target) for target in sorted(targets))}", 20)


def processes(listing: str) -> list[Process]:
    """The rows that `list_processes` printed."""
    rows = re.findall(rf"^\s*(\d+)\s+(\d+)\s+{ETIME}\s+(.*)$", listing, re.MULTILINE)
    return [Process(int(pid), int(group), elapsed(etime), line) for pid, group, etime, line in rows]
