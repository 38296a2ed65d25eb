"""What `ps` prints: processes and for how long they have run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ..facts.machine import Process
from ..remote.command import Command

ETIME = r"((?:[0-9]{1,6}-)?(?:[0-9]{1,2}:)?[0-9]{1,2}:[0-9]{2})"
"""How ps prints since when a process runs: [[dd-]hh:]mm:ss."""


def elapsed(etime: str) -> int:
    """The seconds of a text that ETIME matches."""
    days, _, clock = etime.rpartition("-")
    seconds = 0
    for part in clock.split(":"):
        seconds = seconds * 60 + int(part)
    return int(days or 0) * 86400 + seconds


def list_processes(limit: float) -> Command:
    """List the processes of the user."""
    return Command("ps -xww -o pid=,pgid=,etime=,command=", limit)


def kill(pids: Iterable[int]) -> Command:
    """End processes at once: those alone, and nothing else of their groups."""
    return Command(f"kill -9 {' '.join(str(pid) for pid in sorted(pids))}", 20)


def processes(listing: str, programs: Collection[str]) -> tuple[Process, ...]:
    """The rows of `list_processes` that are processes of those programs; who only names one is none."""
    rows = re.findall(rf"^[ \t]*([0-9]{{1,10}})[ \t]+([0-9]{{1,10}})[ \t]+{ETIME}[ \t]+(.*)$", listing, re.MULTILINE)
    found = (Process(int(pid), int(group), elapsed(etime), line) for pid, group, etime, line in rows)
    return tuple(process for process in found if process.program in programs)
