"""The change of one task: it locks the host before its first step, and leaves the history a line at its end."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from ..console import Console
from ..delivery.upload import Upload
from ..errors import Blocked, Busy, Interrupted, OspreyError, Superseded, Unreachable
from ..facts import Facts
from ..remote.host import Host
from ..step import Step
from ..text import iso_utc, who
from .history import archive_of, digest_of, version_of
from .holder import Holder
from .lock import LockLease, LockLost, take
from .pause import pause

LONGEST_PAUSE = 2.0
"""Seconds between two tries to get a lock that a task waits for, at most."""
WAIT = 3600
"""Seconds that a task waits for the lock at most, with --wait."""
LINE_WAIT = 30
"""Seconds that a task waits without being told to for a line to end, whose task was cut off: most end soon."""
FRESH = 5
"""Seconds since a look began within which it still tells of the host, if no other task changed that meanwhile."""
CUT_OFF = "cut off"
"""The outcome that the history shows for a task that did not come to its end."""
Moment = tuple[float, float]
"""A moment by `clock`, and by the time of day: the first may stand still while a computer sleeps."""


@dataclass
class Change:
    """The lock and the history line of one task on one host.

    task: as it was typed; image: the one it is about, None when it names no release; wait: for others with the lock.
    interrupted: somebody pressed Ctrl-C; no further step begins.
    lasts: what a login session leaves goes on after it, as was tried (detached.py).
    """

    host: Host
    console: Console
    task: str = ""
    image: Optional[str] = None
    wait: bool = False
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    interrupted: bool = False
    lasts: bool = field(default=False, init=False)
    last: Facts = field(init=False)
    _lease: Optional[LockLease] = field(default=None, init=False)
    _record: dict[str, Any] = field(default_factory=dict, init=False)
    _archive: Optional[str] = field(default=None, init=False)
    _began: float = field(default=0, init=False)
    _before: Optional[Facts] = field(default=None, init=False)
    _looked: Moment = field(default=(0, 0), init=False)

    @property
    def held(self) -> bool:
        """This task has the lock."""
        return self._lease is not None

    @property
    def untouched(self) -> bool:
        """This task has not changed anything yet."""
        return not self._lease or not self._record

    def moment(self) -> Moment:
        """Now."""
        return self.clock(), time.time()

    def saw(self, facts: Facts, began: Moment) -> None:
        """These facts are the last that are known. began: when the look at them did."""
        self.last, self._looked = facts, began

    def begin(self) -> bool:
        """Take the lock unless this task has it; true when it was taken.

        Errors: Busy, with who changes the host; Blocked when there can be no lock; Unreachable.
        """
        if self._lease:
            return False
        began, name, seen, case = self.clock(), self.host.name, None, ""
        while True:
            if self.interrupted:
                raise KeyboardInterrupt
            facts = self.last.host
            mine = Holder(who(), socket.gethostname(), os.getpid(), iso_utc(facts.now), self.task)
            taken = take(self.host, facts.folder, mine, sudo=not facts.writable)
            if isinstance(taken, LockLease):
                break
            if taken != seen:
                seen, case = taken, f"{name} is locked by {taken}"
            patience = WAIT if self.wait else LINE_WAIT if taken.line else 0
            if self.clock() >= began + patience:
                hint = f"inv lock.status -H {name}" if self.wait else f"--wait, or inv lock.status -H {name}"
                raise Busy(case, hint=hint)
            with self.console.waiting(case):
                self.sleep(pause(self.clock() - began, LONGEST_PAUSE))
        self._lease, self._began, self._record, self._archive = taken, self.clock(), {}, None
        self.host.sessions.keep()
        return True

    @property
    def current(self) -> bool:
        """The last look still tells of the host: it is fresh, and no other task has left a trace since it began."""
        age = max(now - then for now, then in zip(self.moment(), self._looked))
        return self._lease is not None and age <= min(FRESH, self._lease.quiet)

    def since(self, line: str) -> Optional[float]:
        """Seconds since the step with that line began; None when it did not."""
        at = [step["at"] for step in self._record.get("steps", ()) if step["line"] == line]
        return self.clock() - self._began - float(at[0]) if at else None

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Tell the host of a step before and after it is done. Errors: Blocked, Unreachable when the lock is lost."""
        if not self._lease or not step.changes:
            yield
            return
        if not self._record:
            self._record = self._new()
        at = round(self.clock() - self._began, 1)
        done: dict[str, Any] = {"why": step.why, "line": str(step.do), "at": at, "seconds": None, "ok": None}
        self._record["steps"].append(done)
        self._tell()
        try:
            self._lease.assert_held()
        except LockLost as lost:
            self._lease = None
            raise self._lost(lost) from None
        start, self._before = self.clock(), self.last
        self.host.guard = self._lease.guard
        try:
            yield
            done["ok"] = True
            self._archive = step.do.digest if isinstance(step.do, Upload) else self._archive
        except Superseded as refused:
            self._lease = None
            raise self._lost(LockLost(refused.case, connected=True)) from None
        except BaseException:
            done["ok"] = False
            raise
        finally:
            self.host.guard = None
            done["seconds"] = round(self.clock() - start, 1)
            self._tell()

    def end(self, outcome: str) -> None:
        """Free the lock, and leave the history a line if something was done."""
        lease, self._lease, self.lasts = self._lease, None, False
        if lease:
            record = self._so_far(outcome) if self._record else None
            ended = lease.end(record)
            if record and ended.code > 0:
                self.console.dim(f"the history of {self.host.name} could not be written: {ended.said}")
        self.host.sessions.release()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """The task in the block ends with the lock free and the history written, however it ends."""
        try:
            yield
        except (KeyboardInterrupt, Interrupted):
            self.end("interrupted")
            raise
        except OspreyError as error:
            if self._record and error.evidence:
                self._record["evidence"] = error.evidence
            self.end(f"failed: {error.case}")
            raise
        except BaseException as error:
            self.end(f"failed: {type(error).__name__}")
            raise
        self.end("ok")

    def _new(self) -> dict[str, Any]:
        return {
            "when": iso_utc(self.last.host.now),
            "who": who(),
            "from": socket.gethostname(),
            "task": self.task,
            "host": self.host.name,
            "before": version_of(self.last),
            "steps": [],
        }

    def _so_far(self, outcome: str) -> dict[str, Any]:
        facts = None if self.last is self._before else self.last
        return {
            **self._record,
            "after": facts and version_of(facts),
            "seconds": round(self.clock() - self._began, 1),
            "outcome": outcome,
            "image": facts and digest_of(facts, self.image),
            "archive_sha256": self._archive or (facts and archive_of(facts, self.image)),
        }

    def _tell(self) -> None:
        if self._lease:
            self._lease.tell(self._so_far(CUT_OFF))

    def _lost(self, lost: LockLost) -> OspreyError:
        name = self.host.name
        hint = f"inv history -H {name}, then run the same command again to resume"
        if not lost.connected and not self.host.here:
            return Unreachable(f"the connection to {name} was lost", hint=hint)
        return Blocked(
            f"the lock of {name} was lost: somebody released it, or this computer slept", evidence=str(lost), hint=hint
        )
