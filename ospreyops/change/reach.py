"""The loop: look, decide, do, until a fresh look asks for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Interrupted, NotConverged, OspreyError
from ..step import Action, Goal, Step
from . import detached
from .pause import pause
from .site import Site

EVIDENCE_LINES = 8
"""How many of the reasons for waiting are told when the wait was in vain."""
LONGEST_PAUSE = 5.0
"""Seconds between two looks while a step takes effect, at most."""
SHORTEST = 0.01
"""Seconds of a last pause, at least; it ends with the step's patience."""
TOLD = 600
"""Seconds of a step's patience up to which a wait says it: what takes longer says in its own words until when."""
RESUME = "run the same command again to resume"

Done = dict[Action, tuple[float, Step]]
"""When each action was done, and by which step."""


def reach(site: Site, goal: Goal) -> list[Step]:
    """Bring the site's host to the goal; returns the steps that were done, none if the host was there already.

    Before the first step the host is locked for this task. The goal decides again then, after a second look where
    another task may have changed the host.
    A dry run shows the steps of the first look, and does none.
    Errors: NotConverged, and those of the goal and of the steps, each with what was completed before it.
    """
    done: Done = {}
    try:
        with site.console.doing(f"working on {site.name}"):
            for steps in plans(site, goal, done):
                perform(site, steps, done)
    except OspreyError as error:
        raise error.after(outcomes(done)) from None
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted; current state: {state(site)}", hint=RESUME).after(outcomes(done)) from None
    return [step for _, step in done.values()]


def plans(site: Site, goal: Goal, done: Done) -> Iterator[list[Step]]:
    """The steps that each fresh look asks for; waits while those already done take effect. Errors: NotConverged."""
    reasons: list[str] = []
    facts = site.look()
    while True:
        steps = list(goal(facts))
        if site.dry or not steps:
            for step in steps:
                site.console.dry_step(step.why, str(step.do))
            return
        again = [step for step in steps if step.do in done]
        if again:
            reasons += [again[0].why] if again[0].why not in reasons else []
            before = [why for why in reasons if why != again[0].why]
            _check_patience(site, again, done, [*before[-EVIDENCE_LINES:], facts.host.log_tail])
            _wait(site, again[0], done)
        elif _begins(site, steps):
            if site.change.current:
                continue
        else:
            yield steps
        facts = site.look()


def _begins(site: Site, steps: list[Step]) -> bool:
    """The lock was taken just now, as the steps change the host and are the first that do."""
    detached.check(site, steps)
    return any(step.changes for step in steps) and site.change.begin()


def perform(site: Site, steps: list[Step], done: Done) -> None:
    """Do the steps, up to one whose effect the next look must show."""
    for step in steps:
        if site.change.interrupted:
            raise KeyboardInterrupt
        outcome = step.outcome if step.changes else None
        with site.console.step(step.why, str(step.do), outcome), site.change.step(step):
            detached.perform(site, step)
        done[step.do] = (site.clock(), step)
        if step.then_look:
            return


def outcomes(done: Done) -> list[str]:
    """What was completed so far."""
    return [step.outcome for _, step in done.values() if step.changes]


def state(site: Site) -> str:
    """What a last look at the host tells of the service, in a clause."""
    try:
        return site.look().state
    except (OspreyError, KeyboardInterrupt) as error:
        return f"unknown ({error.case if isinstance(error, OspreyError) else 'nobody looked'})"


def _check_patience(site: Site, again: list[Step], done: Done, evidence: list[str]) -> None:
    for step in again:
        waited = site.clock() - done[step.do][0]
        if waited >= step.patience:
            raise NotConverged(
                f"gave up after {waited:.0f} s: {step.why}",
                evidence="\n".join(evidence),
                hint=f"inv status -H {site.name}",
            )


def _wait(site: Site, step: Step, done: Done) -> None:
    waited = site.clock() - done[step.do][0]
    with site.console.waiting(step.why, waited, step.patience if step.patience <= TOLD else None):
        site.sleep(max(SHORTEST, min(pause(waited, LONGEST_PAUSE), step.patience - waited)))
