"""What a task would cut: it is asked for, and said, before anything that serves or computes is ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Optional

from ..errors import Spared, Unconfirmed
from ..facts import Facts
from ..facts.engine import Container
from ..facts.machine import State
from ..step import Step

YES_HELP = {"yes": "really: end what computes, too"}


def alive(facts: Facts) -> Optional[str]:
    """What proves that the service serves or computes, in a clause; None when nothing does."""
    return computing(facts) or serving(facts)


def computing(facts: Facts) -> Optional[str]:
    """Which containers compute what, in a clause; None when none does."""
    containers = facts.engine.containers if facts.engine else ()
    told = [f"{one.image} computes {', '.join(one.jobs)}" for one in containers if one.jobs]
    return "; ".join(told) or None


def serving(facts: Facts) -> Optional[str]:
    """Where an OSPREY Desktop is content with the service, in a clause; None where none is."""
    places = [place for place in (facts.local, *facts.outside, facts.standby, *facts.standby_outside) if place]
    content = (f"{place.where} serves v{version}" for place in places for version in place.content)
    return next(content, None)


def of_use(facts: Facts, container: Container) -> bool:
    """Ending the container may lose something: it has processes, and nobody knows that nothing goes on."""
    unit = facts.host.unit
    idle = container.connections == 0 and not container.jobs and container is not facts.serving
    return not container.ended and (not idle or bool(unit and unit.active))


def life(facts: Facts) -> Optional[str]:
    """Why nothing may be ended unasked, in a clause: something lives, or nobody could ask. None: nothing is lost."""
    return alive(facts) or ("nobody can say what runs" if facts.machine.state is State.UNKNOWN else None)


def spared(facts: Facts, steps: Iterable[Step], hint: str) -> Iterator[Step]:
    """The steps, up to the first that ends something while the service serves or computes, or could not be asked.

    Steps that prepare for that one in the same look are not done either.
    Errors: Spared, with that hint, when nothing else is to be done before.
    """
    found = life(facts)
    before: list[Step] = []
    for step in steps:
        if found and step.ends:
            if any(one.then_look for one in before):
                break
            raise Spared(f"{step.why}, but {found}: nothing is ended", hint=hint)
        before.append(step)
    yield from before


def check_confirmed(facts: Facts, steps: Iterable[Step], task: str, *, yes: bool) -> None:
    """Check that what the steps do first ends nothing of use. Errors: Unconfirmed, with what that is, while it lives.

    task: what the user typed, without --yes.
    """
    found = life(facts)
    for step in steps if found and not yes else ():
        if step.ends:
            raise Unconfirmed(f"{step.why}, but {found}: {task} would end that ({step.do})")
        if step.then_look:
            return


def check_loss(facts: Facts, task: str, *, yes: bool) -> None:
    """Check that the task may end what runs. Errors: Unconfirmed, with what would be cut, while something computes.

    task: what the user typed, without --yes.
    """
    told = computing(facts)
    if not told or yes:
        return
    raise Unconfirmed(
        f"{told}: {task} would cut that",
        hint=f"--yes, or inv service.drain -H {facts.host.name}, which lets it finish",
    )
