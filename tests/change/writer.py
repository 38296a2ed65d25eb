"""A task that changes a folder of this computer: `python -m tests.change.writer FOLDER NAME STEPS SECONDS`.

The steps are real lines under the real lock, with heartbeats in tenths of a second. Each step notes in the folder's
journal that it begins and, so many seconds later, that it ends; where SECONDS is `go`, once there is a file
`go-NAME-STEP`. What it says of itself goes to standard error.
"""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ospreyops.change import change, lock
from ospreyops.change.change import Change
from ospreyops.change.reach import reach
from ospreyops.change.site import Site
from ospreyops.console import Console, Screen
from ospreyops.errors import OspreyError
from ospreyops.facts import Facts
from ospreyops.facts.host import HostFacts
from ospreyops.facts.machine import MachineFacts, State
from ospreyops.facts.service import ProbeResult
from ospreyops.remote.command import sh
from ospreyops.remote.host import Host
from ospreyops.settings import HERE, Settings
from ospreyops.step import Step
from ospreyops.target import target

BEAT = 0.1
SILENCE = 0.6
GO = "go"
PR_SET_PDEATHSIG = 1
"""Linux's name for the signal that a process gets when its parent has died."""


@dataclass
class Seen:
    """What a look tells: next to nothing."""

    folder: Path

    def facts(self) -> Facts:
        host = HostFacts(HERE, "ops", "Linux", "/", str(self.folder), 0.0)
        return Facts(host, MachineFacts("native", State.RUNNING), None, ProbeResult("x"))


def site(folder: Path, name: str) -> Site:
    """A site on this computer, for a task of that name."""
    settings, console = Settings(HERE, folder=str(folder)), Console(Screen(), HERE)
    host, looker = Host(settings, console), Seen(folder)
    any_looker: Any = looker
    return Site(target(settings), host, console, any_looker, Change(host, console, name, wait=True))


def steps(folder: Path, name: str, left: list[int], seconds: str) -> Iterator[Step]:
    """The steps that are left."""
    for number in left:
        lasts = "sleep {moment}" if seconds != GO else "while [ ! -e {go} ]; do sleep 0.05; done"
        note = f"echo begin {{name}} {{number}} >>{{journal}} && {lasts} && echo end {{name}} {{number}} >>{{journal}}"
        journal, go = folder / "journal", folder / f"go-{name}-{number}"
        line = sh(note, limit=30, name=name, number=number, journal=journal, moment=seconds, go=go)
        yield Step(f"{name} writes {number}", line, f"{number} is written", then_look=True)


def main(folder: Path, name: str, count: int, seconds: str) -> int:
    """Write until all is written, or the lock is lost."""
    lock.HEARTBEAT, lock.HEARTBEAT_TIMEOUT, change.LONGEST_PAUSE = BEAT, SILENCE, BEAT
    sys.stdout = sys.stderr
    here, journal = site(folder, name), folder / "journal"

    def goal(_: Facts) -> Iterator[Step]:
        text = journal.read_text() if journal.exists() else ""
        left = [number for number in range(1, count + 1) if f"end {name} {number}\n" not in text]
        return steps(folder, name, left, seconds)

    try:
        with here.change.closed():
            reach(here, goal)
    except OspreyError as error:
        print(error, file=sys.stderr)
        return error.status
    return 0


def end_with_parent() -> None:
    """Be killed when the test is: a process that is stopped hears of nothing else."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    end_with_parent()
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]))
