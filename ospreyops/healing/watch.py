"""The watchdog: look, heal, rest, while nobody is there."""

from __future__ import annotations

import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

from ..change import history
from ..change.reach import reach
from ..change.site import Site
from ..errors import Blocked, Busy, Interrupted, OspreyError
from ..facts import Facts
from ..faults import detect
from ..remote.command import sh
from ..step import Step
from ..text import iso_utc
from . import heal, notify
from .events import Events

LOG_LIMIT = 5_000_000
"""Bytes after which the watchdog's log begins anew."""
TRIES = 5
"""Repairs in a row that may fail, or not last, until the fault is given up."""
STABLE_AFTER = 600
"""Seconds that the service must stay healthy until its last repair counts as one that lasts."""
LONGEST = 900
"""Seconds between two tries, at most."""
POLL = 2.0
"""Seconds between two looks at the clock while the watchdog rests."""
SETTLE = 0.5
"""Seconds between an event and the look that it brings: one change is often several events."""
CLOCK_JUMP = 10
"""Seconds by which the time of day must jump for the computer to count as having slept."""
WAKETIME = sh("sysctl -n kern.waketime", limit=5)
"""When a Mac woke, in its own words (field book: macos, 3)."""


@dataclass(frozen=True)
class Diagnosis:
    """Why the desired release is not healthy, and the known faults that a look shows."""

    why: str
    faults: list[str]


@dataclass
class Watch:
    """Keeps a site healthy. every: seconds between two looks while it is; wall: the time of day.

    _attentive: an event brings the next look; _in_vain: how many of them in a row came from one.
    """

    site: Site
    every: float
    wall: Callable[[], float] = time.time
    tries: int = 0
    well: bool = False
    events: Events = field(default_factory=Events)
    _repaired_at: float = field(default=float("-inf"), init=False)
    _attentive: bool = field(default=False, init=False)
    _in_vain: int = field(default=0, init=False)
    _given_up: Optional[str] = field(default=None, init=False)
    _said: str = field(default="", init=False)
    _files: str = field(default="", init=False)

    def forever(self) -> None:
        """Look, heal, rest, until Ctrl-C or SIGTERM. Only what it finds is told: its output is a log."""
        self.site.console.screen.still()
        while True:
            self.rest(self.round())
            if self.site.settings.here and self._files:
                trim_log(f"{self._files}/watch.log")

    def round(self) -> float:
        """Look once, and heal what is not healthy; returns the seconds until the next look."""
        self._attentive = False
        self.events.clear()
        try:
            found = self._diagnose()
            if found is None:
                return self._fine()
            if self._given_up == normalised(found.why):
                return self.every
            return self._heal(found)
        except Busy as busy:
            self._say(f"waits: {busy.case}")
        except Interrupted:
            raise
        except OspreyError as error:
            self._say(f"cannot look: {error.case}")
        return self.every

    def rest(self, seconds: float) -> None:
        """Wait, at most until something tells of a change, or the computer wakes up from sleep."""
        site, woke = self.site, self._woke()
        end = site.clock() + seconds
        attentive = site.clock() + self._deaf() if self._attentive else end
        while (left := end - site.clock()) > 0:
            before = self.wall() - site.clock()
            if (deaf := attentive - site.clock()) > 0:
                site.sleep(min(POLL, left, deaf))
            elif self.events.wait(min(POLL, left), site.sleep):
                self._in_vain += 1
                site.sleep(SETTLE)
                return
            if self.wall() - self.site.clock() - before > CLOCK_JUMP or self._woke() != woke:
                self._say(f"{self.site.name} woke up")
                self._given_up = None
                return
        self._in_vain = 0

    def _deaf(self) -> float:
        """Seconds for which no event counts: the longer, the more of them in a row told of nothing."""
        return min(self.every, POLL * 2 ** (self._in_vain - 1)) if self._in_vain else 0

    def _diagnose(self) -> Optional[Diagnosis]:
        """Why the desired release is not healthy; None when it is, or when none is desired."""
        facts, target = self.site.look(), self.site.target
        self._files = facts.host.files
        try:
            reasons = [step.why for step in heal.healed(facts, target)]
        except Blocked as error:
            reasons = [error.case]
        return Diagnosis(reasons[-1], [found.fault.name for found in detect(facts, target)]) if reasons else None

    def _fine(self) -> float:
        if not self.well:
            self.well = True
            self._say(heal.outcome(self.site.last))
            self._sample("healthy")
        if self.site.clock() - self._repaired_at > STABLE_AFTER:
            self.tries = 0
        self._given_up, self._attentive = None, True
        self.events.listen(self.site.host, self.site.target, self.site.last)
        return self.every

    def _heal(self, found: Diagnosis) -> float:
        site, why, names = self.site, found.why, found.faults
        if self.well:
            self.well = False
            self._sample(f"unhealthy: {why}")
        self.tries += 1
        told: list[str] = []

        def goal(facts: Facts) -> Iterator[Step]:
            if site.change.held and not told:
                told.append(why)
                self._tell("found", names, why)
            return heal.healed(facts, site.target)

        site.change.task = "watch"
        try:
            with site.change.closed():
                did = reach(site, goal)
        except Busy:
            self.tries -= 1
            raise
        except Interrupted:
            raise
        except OspreyError as error:
            site.console.error(error)
            self._tell("failed", names, error.case)
        else:
            self._repaired_at, self._in_vain = site.clock(), 0
            self._tell("repaired", names, "; ".join(step.outcome for step in did))
            self._fine()
            self._attentive = self.tries == 1
        if self.tries >= TRIES:
            self._given_up, self.tries = normalised(why), 0
            self._say(f"gives up after {TRIES} tries: {why}")
            self._tell("gave up", names, why)
        return float(min(self.every * 2 ** max(0, self.tries - 1), LONGEST))

    def _woke(self) -> Optional[str]:
        """When the Mac woke, where it is this computer; None elsewhere."""
        site = self.site
        if not site.settings.here or platform.system() != "Darwin":
            return None
        return site.host.ask({"woke": WAKETIME})["woke"].out

    def _sample(self, outcome: str) -> None:
        history.sample(self.site.host, self.site.console, self.site.last, outcome)

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self.site.console.dim(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(self.wall()))}Z {text}")

    def _tell(self, event: str, names: list[str], text: str) -> None:
        if event in ("found", "repaired"):
            self._say(f"{event}: {text}")
        notify.tell(self.site, {"event": event, "faults": names, "text": text, "when": iso_utc(self.wall())})


def normalised(why: str) -> str:
    """A reason without its numbers, which change while a fault goes on."""
    return re.sub(r"[0-9]+", "#", why)


def trim_log(log: str, limit: int = LOG_LIMIT) -> None:
    """Begin the log anew when it has grown, if it is this process's own standard output.

    Launchd does not do that, and newsyslog cannot: launchd would go on writing to the old file.
    """
    try:
        own = os.fstat(1)
        if own.st_size > limit and os.path.samestat(own, Path(log).stat()):
            shutil.copyfile(log, f"{log}.1")
            os.ftruncate(1, 0)
    except OSError:
        return
