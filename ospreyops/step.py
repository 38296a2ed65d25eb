"""A step of a plan: what to do, why, and what is the case once it is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Callable, Optional, Protocol

from .errors import Failed
from .facts import Facts
from .remote.command import Command
from .remote.host import Host


class Action(Protocol):
    """What a step does: a Command, or something longer that still reads as one line."""

    def __str__(self) -> str:
        """The line a maintainer would type to do it by hand."""

    def perform(self, host: Host) -> None:
        """Do it on the host; an OspreyError when it does not work."""


@dataclass(frozen=True)
class Step:
    """What to do, why, and the outcome.

    why: the evidence, in a clause; it is also the error when the step turns out not to help.
    outcome: a sentence that stands alone, for `completed: …` and for the watchdog's events.
    patience: seconds after which the same step, still asked for by a fresh look, has failed.
    then_look: the steps after it make sense only once it has taken effect.
    ends: it ends, powers off or removes what may be of use (a container, a VM, a call of somebody's). Repairs do such a
    step only while nothing proves that the service serves or computes (goals/loss.py).
    lasting: it starts what is to go on after the login session, or makes room for that (change/detached.py).
    """

    why: str = field(compare=False)
    do: Action
    outcome: str = field(compare=False)
    patience: float = field(default=30, compare=False)
    then_look: bool = field(default=False, compare=False)
    ends: bool = field(default=False, compare=False)
    lasting: bool = field(default=False, compare=False)

    @property
    def changes(self) -> bool:
        """The step changes the host; a step that only waits does not."""
        return not isinstance(self.do, WaitFor)


Goal = Callable[[Facts], Iterable[Step]]


@dataclass(frozen=True)
class WaitFor:
    """Look again until the step is not asked for any more; the line shows what is looked at."""

    line: str

    def __str__(self) -> str:
        return self.line

    def perform(self, host: Host) -> None:
        """Do nothing: the next look tells."""


@dataclass(frozen=True)
class Keyed:
    """A line that counts as the same action whenever it is done, though its numbers differ."""

    name: str
    command: Command = field(compare=False)

    def __str__(self) -> str:
        return str(self.command)

    def perform(self, host: Host) -> None:
        """Errors: Failed."""
        self.command.perform(host)


@dataclass(frozen=True)
class Remedy:
    """What helps where a line fails with those words."""

    words: str
    do: Command


@dataclass(frozen=True)
class Retried:
    """A line that is done once more where it failed in a way that is known, after what helps against that.

    remedies: each is tried once; one that stands there twice, with other patience, helps twice.
    """

    command: Command
    remedies: tuple[Remedy, ...] = field(compare=False)

    def __str__(self) -> str:
        return str(self.command)

    def perform(self, host: Host) -> None:
        """Errors: Failed."""
        left = list(self.remedies)
        while True:
            try:
                self.command.perform(host)
            except Failed as error:
                remedy = next((one for one in left if one.words in error.evidence), None)
                if remedy is None:
                    raise
                left.remove(remedy)
                remedy.do.perform(host)
            else:
                return


@dataclass(frozen=True)
class FirstOf:
    """Ways to the same end, the best one first: the next is tried only where one failed."""

    ways: tuple[Action, ...]

    def __str__(self) -> str:
        return " || ".join(str(way) for way in self.ways)

    def perform(self, host: Host) -> None:
        """Errors: Failed, of the first way, when none works."""
        failed: Optional[Failed] = None
        for way in self.ways:
            try:
                way.perform(host)
            except Failed as error:
                failed = failed or error
            else:
                return
        if failed:
            raise failed
