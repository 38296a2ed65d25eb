"""Several hosts: how many at a time, what becomes of the rest when one fails, and how each of them ended."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Callable, Optional

from .change.confirm import run_confirmed
from .change.reach import RESUME, state
from .change.site import Site
from .console import Console, Screen
from .errors import Interrupted, OspreyError, of_status
from .outcome import Outcome, Status
from .remote.background import Background

NOT_BEGUN = "not begun"
LOOKS = 32
"""Hosts that are looked at at a time: more would only wait for this computer's own processor."""
FILES, FILES_EACH = 64, 8
"""Files that this program and each host may have open: sockets, and the pipes to ssh."""


class Kind(Enum):
    """What a task is to the hosts that it runs on. One that is not declared is a change, which is the safe side."""

    CHANGE = "one host at a time; the next one only when the task ended well on the last"
    LOOK = "changes nothing: 32 hosts at a time, and all of them whatever one says"
    WATCH = "goes on until Ctrl-C: all hosts at once"


@dataclass(frozen=True)
class Pace:
    """How a task goes over several hosts.

    at_once: how many at a time, 0 for all; keep_going: the others are begun though one failed.
    """

    at_once: int
    keep_going: bool

    @classmethod
    def of(cls, kind: Kind, serial: Optional[int], *, keep_going: bool) -> Pace:
        """The pace of a kind of task, with what the user says of it."""
        own = {Kind.CHANGE: 1, Kind.LOOK: LOOKS}.get(kind, 0)
        return cls(own if serial is None else serial, keep_going or kind is not Kind.CHANGE)


@dataclass
class Run:
    """A task on one of the hosts. seconds: how long it took; outcome: None until it has ended."""

    site: Site
    body: Callable[..., Any]
    outcome: Optional[Outcome] = None
    seconds: float = 0
    begun: bool = field(default=False, init=False)
    _background: Optional[Background] = field(default=None, init=False)

    def begin(self, places: threading.Semaphore) -> None:
        """Begin the task, in a thread of its own, as soon as there is a place for it."""
        self._background = Background(functools.partial(self._run, places))

    def wait(self) -> None:
        """Wait for its end."""
        assert self._background
        self._background.result()

    def _run(self, places: threading.Semaphore) -> None:
        with places:
            if not self.site.change.interrupted:
                self._run_now()

    def _run_now(self) -> None:
        self.begun = True
        start, site = time.monotonic(), self.site
        try:
            self.outcome = run_confirmed(self.body, site) or site.outcome("done")
        except OspreyError as error:
            if not error.printed:
                site.console.error(error)
            self.outcome = Outcome(site.name, error.status, error.case)
        finally:
            self.seconds = time.monotonic() - start


def run_on_hosts(screen: Screen, sites: list[Site], body: Any, pace: Pace) -> None:
    """Run the body on all sites, at that pace, then print a summary. Errors: the worst one of the hosts'."""
    runs = [Run(site, body) for site in sites]
    _let_open(FILES + FILES_EACH * len(sites))
    with _interruptible(runs):
        screen.shared = True
        _run_in_batches(runs, pace)
        screen.shared = False
    if not body.keywords.get("json_"):
        _summary(Console(screen, ""), runs)
    worst = max((run.outcome for run in runs if run.outcome), key=lambda outcome: outcome.status)
    if worst.status is not Status.OK:
        error = of_status(worst.status, worst.text)
        error.printed = True
        raise error


def _run_in_batches(runs: list[Run], pace: Pace) -> None:
    """A change is not begun before all that began with the one before it ended well."""
    at_once = min(pace.at_once or len(runs), len(runs))
    places, size = threading.Semaphore(at_once), len(runs) if pace.keep_going else at_once
    for first in range(0, len(runs), size):
        batch = runs[first : first + size]
        for run in batch:
            run.begin(places)
        for run in batch:
            run.wait()
        if not pace.keep_going and any(_failed(run) for run in batch):
            return


def _let_open(files: int) -> None:
    """Have so many files open at once, as far as that is allowed: a Mac begins with 256."""
    try:
        import resource
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _failed(run: Run) -> bool:
    return run.outcome is not None and run.outcome.status is not Status.OK


def _summary(console: Console, runs: list[Run]) -> None:
    """A row for each host: how the task ended there, and how long it took."""
    widest = max(len(run.site.name) for run in runs)
    failed = " and ".join(run.site.name for run in runs if _failed(run))
    for run in runs:
        name, outcome = run.site.name.ljust(widest), run.outcome
        if outcome is None:
            console.row(None, name, f"{NOT_BEGUN:<11} {'':>8}  {failed} failed (--keep-going goes on)")
        else:
            took = f"{run.seconds:.1f} s"
            console.row(not _failed(run), name, f"{outcome.status.name.lower():<11} {took:>8}  {outcome.text}")


@contextmanager
def _interruptible(runs: list[Run]) -> Iterator[None]:
    """In the block, Ctrl-C ends the task on all hosts. Errors: Interrupted, with the state of each."""
    try:
        yield
    except KeyboardInterrupt:
        for run in runs:
            run.site.change.interrupted = True
        states = "\n".join(f"{run.site.name}: {told}" for run, told in zip(runs, _states(runs)))
        for run in runs:
            run.site.change.end("interrupted")
        raise Interrupted("interrupted; current state:", evidence=states, hint=RESUME) from None


def _states(runs: list[Run]) -> list[str]:
    """What is the case on each host; where the task goes on, a last look tells."""
    looks = [Background(functools.partial(_state, run)) for run in runs]
    try:
        return [str(look.result()) for look in looks]
    except KeyboardInterrupt:
        return [str(look.result(0, "unknown (nobody looked)")) for look in looks]


def _state(run: Run) -> str:
    if not run.begun:
        return NOT_BEGUN
    return run.outcome.text if run.outcome else state(run.site)
