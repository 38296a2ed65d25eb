"""Healing in a loop: what `inv watch` does while nobody is there."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Callable

from . import ledger, notify
from .command import sh
from .daemons import keep_small
from .errors import Blocked, Busy, OspreyError
from .facts import Facts
from .faults import seen
from .lock import FILES, stamp
from .plan import Step, reach
from .runbook import fix
from .site import Site

TRIES = 5
"""Cures in a row that may fail, or not last, until the fault is given up."""
LASTS = 600
"""Seconds for which a service must stay well, until its last cure counts as one that lasts."""
LONGEST = 900
"""Seconds between two tries at most."""
GLANCE = 2.0
"""Seconds between two glances at the clock, while it rests."""
JUMP = 10
"""Seconds that the time of day must jump, until the computer is taken to have slept."""
WAKETIME = sh("sysctl -n kern.waketime", limit=5)
"""A Mac's own word for when it woke (field book: macos, 3)."""


@dataclass
class Watch:
    """A site that is kept healthy. every: seconds between two looks while all is well; wall: the time of day."""

    site: Site
    every: float
    wall: Callable[[], float] = time.time
    tries: int = 0
    well: bool = False
    _cured: float = field(default=float("-inf"), init=False)
    _given_up: str = field(default="", init=False)
    _said: str = field(default="", init=False)

    def forever(self) -> None:
        """Look, heal, rest, until Ctrl-C or SIGTERM."""
        while True:
            self.rest(self.round())
            if self.site.settings.here:
                keep_small(os.path.expanduser(f"{self.site.settings.folder}/{FILES}/watch.log"))

    def round(self) -> float:
        """Look once, and heal what is not well; the seconds until the next look."""
        try:
            why, names = self._trouble()
            if not why:
                return self._fine()
            if self._given_up == alike(why):
                return self.every
            return self._heal(why, names)
        except Busy as busy:
            self._say(f"waits: {busy.case}")
        except OspreyError as error:
            self._say(f"cannot look: {error.case}")
        return self.every

    def rest(self, seconds: float) -> None:
        """Wait, but no longer than until the computer wakes up from sleep."""
        end, woke = self.site.clock() + seconds, self._woke()
        while (left := end - self.site.clock()) > 0:
            before = self.wall() - self.site.clock()
            self.site.sleep(min(GLANCE, left))
            if self.wall() - self.site.clock() - before > JUMP or self._woke() != woke:
                self._say(f"{self.site.name} woke up")
                self._given_up = ""
                return

    def _trouble(self) -> tuple[str, list[str]]:
        """Why what is meant to run is not healthy, and the known faults; "" when it is, or when nothing is meant to."""
        facts = self.site.look()
        try:
            steps = list(fix.healed(facts, self.site))
        except Blocked as error:
            return error.case, [fault.name for fault, _ in seen(facts, self.site)]
        return (steps[-1].why, [fault.name for fault, _ in seen(facts, self.site)]) if steps else ("", [])

    def _fine(self) -> float:
        if not self.well:
            self.well = True
            self._say(fix.outcome(self.site.last))
            ledger.sample(self.site, "healthy")
        if self.site.clock() - self._cured > LASTS:
            self.tries = 0
        self._given_up = ""
        return self.every

    def _heal(self, why: str, names: list[str]) -> float:
        site = self.site
        if self.well:
            self.well = False
            ledger.sample(site, f"unhealthy: {why}")
        self.tries += 1
        told: list[str] = []

        def goal(facts: Facts) -> Iterator[Step]:
            if site.ledger.held and not told:
                told.append(why)
                self._tell("found", names, why)
            return fix.healed(facts, site)

        site.ledger.task = "watch"
        try:
            with site.ledger.closed():
                did = reach(site, goal)
        except Busy:
            self.tries -= 1
            raise
        except OspreyError as error:
            site.console.bad(error)
            self._tell("failed", names, error.case)
        else:
            self._cured = site.clock()
            self._tell("cured", names, "; ".join(step.outcome for step in did))
        if self.tries >= TRIES:
            self._given_up, self.tries = alike(why), 0
            self._say(f"gives up after {TRIES} tries: {why}")
            self._tell("gave up", names, why)
        return float(min(self.every * 2 ** max(0, self.tries - 1), LONGEST))

    def _woke(self) -> str:
        """When the Mac woke, where it is this computer; it does not change elsewhere."""
        site = self.site
        if not site.settings.here or platform.system() != "Darwin":
            return ""
        return site.host.ask({"woke": WAKETIME})["woke"].out

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self.site.console.note(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(self.wall()))}Z {text}")

    def _tell(self, event: str, names: list[str], text: str) -> None:
        if event in ("found", "cured"):
            self._say(f"{event}: {text}")
        notify.tell(self.site, {"event": event, "faults": names, "text": text, "when": stamp(self.wall())})


def alike(why: str) -> str:
    """A reason without its numbers, for those of a fault that goes on may change."""
    return re.sub(r"[0-9]+", "#", why)
