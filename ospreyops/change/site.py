"""A site: what a task works on. A host, its target, the console that speaks of it, and the change of this task."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Callable

from ..console import Console
from ..facts import Facts
from ..look import Look
from ..outcome import Outcome, Status
from ..remote.host import Host
from ..settings import HERE, Settings, number
from ..step import Step
from ..target import Target, target
from ..text import counted
from .change import Change


@dataclass
class Site:
    """What a task works on.

    clock, sleep: seconds, as time.monotonic and time.sleep have them.
    """

    target: Target
    host: Host
    console: Console
    looker: Look
    change: Change
    dry: bool = False
    clock: Callable[[], float] = field(default=time.monotonic)
    sleep: Callable[[float], None] = field(default=time.sleep)
    last: Facts = field(init=False)

    @property
    def name(self) -> str:
        """The host's name, as `-H` takes it."""
        return self.target.name

    @property
    def settings(self) -> Settings:
        """The host's settings."""
        return self.target.settings

    def look(self) -> Facts:
        """All facts, fresh. Errors: Unreachable, Blocked, Usage."""
        began = self.change.moment()
        self.last = self.looker.facts()
        self.change.saw(self.last, began)
        return self.last

    def with_health_timeout(self, seconds: str) -> Site:
        """The same site with another health_timeout. Errors: Usage when that is no number of seconds."""
        if not seconds:
            return self
        timeout = number("--health-timeout", seconds)
        return self._of(replace(self.settings, health_timeout=timeout), self.host)

    def of_owner(self, owner: str) -> Site:
        """The same site, for the VM and the files of another user of the host."""
        theirs = replace(self.settings, owner=owner)
        self.change.host = self.host.of_owner(theirs)
        return self._of(theirs, self.change.host)

    def _of(self, settings: Settings, host: Host) -> Site:
        changed = target(settings)
        return replace(self, target=changed, host=host, looker=replace(self.looker, host=host, target=changed))

    def here(self) -> Host:
        """This computer, whatever host the site is of."""
        return Host(Settings(HERE), self.console)

    def finished(self, did: list[Step], state: str) -> Outcome:
        """Say, in one line, how the task ended. state: what is the case now."""
        if self.dry:
            text = "a dry run: nothing was done"
        else:
            text = f"{counted(len(did), 'step')} done: {state}" if did else f"nothing to do: {state}"
        self.console.success(text)
        return self.outcome(text)

    def outcome(self, text: str) -> Outcome:
        """The task ended well."""
        return Outcome(self.name, Status.OK, text)
