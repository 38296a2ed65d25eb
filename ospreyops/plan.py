"""Look, decide, do, until a fresh look asks for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Protocol

from .errors import Interrupted, OspreyError, StillNeeded

if TYPE_CHECKING:
    from .command import Command
    from .facts import Facts
    from .site import Site

TOLD = 8
"""How many of the reasons for which it was waited are told when that was in vain."""
PAUSE, LONGEST_PAUSE = 1.0, 5.0
"""Seconds between two looks while something takes effect: a tenth of those that it has taken, within these bounds."""


class Action(Protocol):
    """Something a step does: a Command, or more than a line that still reads as one."""

    def __str__(self) -> str:
        """The line a maintainer would type to do it by hand."""

    def perform(self, site: Site) -> None:
        """Do it on the site's host; an OspreyError when it does not work."""


@dataclass(frozen=True)
class Step:
    """What to do, why, and what is so once it is done.

    why: a clause after "because"; also what is said when the step turns out not to help.
    patience: seconds after which the same step, still asked for by a fresh look, has failed.
    then_look: the steps after it make sense only once it has taken effect.
    """

    why: str = field(compare=False)
    do: Action
    outcome: str = field(compare=False)
    patience: float = field(default=30, compare=False)
    then_look: bool = field(default=False, compare=False)


Goal = Callable[["Facts"], Iterable[Step]]


@dataclass(frozen=True)
class Await:
    """Nothing to do but to look again; the line shows what is looked at."""

    line: str

    def __str__(self) -> str:
        return self.line

    def perform(self, site: Site) -> None:
        """Nothing: the look that follows tells."""


@dataclass(frozen=True)
class Same:
    """A line that is the same act whenever it is done, though its numbers differ."""

    name: str
    command: Command = field(compare=False)

    def __str__(self) -> str:
        return str(self.command)

    def perform(self, site: Site) -> None:
        """Errors: Failed."""
        self.command.perform(site)


def reach(site: Site, goal: Goal) -> list[Step]:
    """Bring the site's host to the goal; what was done, nothing if it was there already.

    Before the first step the host is locked for this task, and looked at again, for another may have changed it.
    In a dry run the steps of the first look are shown, and none is done.
    Errors: StillNeeded, and those of the goal and of the steps, each with what was done before it.
    """
    done: dict[Action, tuple[float, Step]] = {}

    def so_far() -> list[str]:
        return [step.outcome for _, step in done.values() if not isinstance(step.do, Await)]

    try:
        for steps in stages(site, goal, done):
            for step in steps:
                if site.interrupted:
                    raise KeyboardInterrupt
                with site.console.step(step), site.ledger.step(step):
                    step.do.perform(site)
                done[step.do] = (site.clock(), step)
                if step.then_look:
                    break
    except OspreyError as error:
        raise error.after(so_far()) from None
    except KeyboardInterrupt:
        hint = "the same command again: it goes on from where the host is"
        raise Interrupted(f"interrupted; the host is left so: {state(site)}", hint=hint).after(so_far()) from None
    return [step for _, step in done.values()]


def state(site: Site) -> str:
    """What a last look at the host tells of the service, in a clause."""
    try:
        return site.look().state
    except (OspreyError, KeyboardInterrupt) as error:
        return f"unknown ({error.case if isinstance(error, OspreyError) else 'not looked at'})"


def stages(site: Site, goal: Goal, done: dict[Action, tuple[float, Step]]) -> Iterator[list[Step]]:
    """The steps that each fresh look asks for, waiting for those already done to take effect."""
    seen: list[str] = []
    while True:
        facts = site.look()
        steps = list(goal(facts))
        again = [step for step in steps if step.do in done]
        if site.dry or not steps:
            for step in steps:
                site.console.would(step)
            return
        for step in again:
            if site.clock() >= done[step.do][0] + step.patience:
                evidence = "\n".join([*seen[-TOLD:], facts.host.log_tail])
                raise StillNeeded(step.why, evidence=evidence, hint=f"inv status -H {site.name}")
        if again and again[0].why not in seen:
            seen.append(again[0].why)
        if again:
            with site.console.waiting(again[0].why):
                waited = site.clock() - done[again[0].do][0]
                site.sleep(min(max(PAUSE, waited / 10), LONGEST_PAUSE))
            continue
        if not all(isinstance(step.do, Await) for step in steps) and site.ledger.begin(site):
            continue
        yield steps
