"""The one judgement of a host that status, doctor and heal share: what is wrong, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..errors import Blocked
from ..facts import Facts
from ..facts.service import Problem
from ..faults import Fault, detect
from ..goals import health
from ..goals.desired import check_known, rollback_target
from ..release import by_age
from ..step import Step
from ..target import Target
from .heal import healed


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a host. problem: of the service, None when it is healthy; faults: each with its evidence.

    advice: what to do next, a command or what only a person can do; None when there is nothing to do.
    """

    problem: Optional[Problem]
    faults: list[tuple[Fault, str]]
    advice: Optional[str]

    @property
    def case(self) -> Optional[str]:
        """The first thing that is wrong; None when nothing is."""
        if self.problem:
            return str(self.problem)
        return self.faults[0][1] if self.faults else None


def diagnose(facts: Facts, target: Target) -> Diagnosis:
    """Judge a host by one look."""
    faults = detect(facts, target)
    try:
        problem = health.problem(facts)
    except Blocked as error:
        return Diagnosis(Problem(error.case), faults, error.hint)
    if not problem and not faults:
        return Diagnosis(None, [], None)
    return Diagnosis(problem, faults, _advice(facts, target, faults))


def _advice(facts: Facts, target: Target, faults: list[tuple[Fault, str]]) -> str:
    """What to do next: followed again and again, it ends at a healthy host, or at what only a person can do."""
    try:
        check_known(facts)
        if not facts.host.desired and not (facts.serving and facts.serving.running):
            return f"inv deploy --version {_known_version(facts)} -H {target.name}"
        steps = list(healed(facts, target))
    except Blocked as error:
        return error.hint or error.case
    if steps:
        return f"inv heal -H {target.name}"
    return _repair(facts, target, faults[0][0]) if faults else f"inv status -H {target.name}"


def _repair(facts: Facts, target: Target, fault: Fault) -> str:
    """The command that repairs a fault which heal leaves to a person; where there is none, what that person can do."""
    try:
        steps: list[Step] = list(fault.repair(facts, target))
    except Blocked as error:
        return error.hint or error.case
    confirmation = " --yes" if fault.needs_confirmation else ""
    return f"inv fix.{fault.name}{confirmation} -H {target.name}" if steps else f"inv status -H {target.name}"


def _known_version(facts: Facts) -> str:
    """A version to deploy: the last that was healthy here, else the newest that is on the host."""
    known = sorted({*facts.host.unpacked, *facts.host.archives}, key=by_age)
    return rollback_target(facts) or (known[-1] if known else "0.3 --from FILE")
