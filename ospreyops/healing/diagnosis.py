"""The one judgement of a host that status, doctor and heal share: what is wrong, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

from ..errors import Blocked, Unhealthy
from ..facts import Facts
from ..facts.service import Problem
from ..faults import Finding, detect
from ..goals import health
from ..goals.deploy import deployed
from ..goals.desired import NO_FILE, UNKNOWN, check_known, version_at_hand
from ..goals.rollout import Rollout
from ..release import Release
from ..step import Step
from ..target import Target
from ..text import counted
from .heal import healed


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a host. problem: of the service, None when it is healthy; faults: each with its evidence.

    advice: what to do next, a command or what only a person can do; None when there is nothing to do.
    blind: Docker could not be asked, so nobody knows.
    """

    problem: Optional[Problem]
    faults: list[Finding]
    advice: Optional[str]
    blind: bool = False

    @property
    def case(self) -> Optional[str]:
        """The first thing that is wrong; None when nothing is."""
        if self.problem:
            return str(self.problem)
        return self.faults[0].evidence if self.faults else None

    def check(self, shown_on: str = "") -> None:
        """Check that nothing is wrong. Errors: Unhealthy, Blocked where nobody knows; each with what to do next.

        shown_on: the host whose faults are on the screen already; what their evidence says is not said again.
        """
        if case := self.case:
            kind = Blocked if self.blind else Unhealthy
            known = shown_on and any(case.rpartition(": ")[2] in one.evidence for one in self.faults)
            names = ", ".join(one.fault.name for one in self.faults)
            told = f"{shown_on} has {counted(len(self.faults), 'fault')}: {names}"
            raise kind(told if known else case, hint=self.advice or "")


def diagnose(facts: Facts, target: Target) -> Diagnosis:
    """Judge a host by one look."""
    faults = detect(facts, target)
    try:
        problem = health.problem(facts)
    except Blocked as error:
        return Diagnosis(Problem(error.case), faults, error.hint or error.case, blind=True)
    if not problem and not faults:
        return Diagnosis(None, [], None)
    return Diagnosis(problem, faults, _advice(facts, target, faults, problem))


def _advice(facts: Facts, target: Target, faults: list[Finding], problem: Optional[Problem]) -> str:
    """What to do next: followed again and again, it ends at a healthy host, or at what only a person can do.

    So a task is advised only where it would change something, and never again where it failed last.
    """
    version = facts.host.desired.version if facts.host.desired else version_at_hand(facts)
    try:
        advised = _towards_service(facts, target, version, problem)
    except Blocked as error:
        return _way_out(error, target, version, faults)
    return advised or _repaired(facts, target, faults) or _look_into(facts, target, str(problem))


def _towards_service(facts: Facts, target: Target, version: Optional[str], problem: Optional[Problem]) -> Optional[str]:
    """The task that brings a healthy service; None where heal and deploy have nothing to do. Errors: Blocked."""
    if facts.host.desired:
        return _typed(facts, target, "heal", healed(facts, target))
    unknown = [name for name in UNKNOWN if name in facts.host.damaged]
    if unknown and (unknown != ["wanted"] or facts.host.damaged["wanted"] == NO_FILE or not version):
        check_known(facts)
    if not unknown and not problem:
        return None
    if not version:
        return f"a release's archive, then: inv deploy 0.3 --from FILE -H {target.name}"
    plan = deployed(facts, target, Rollout(Release(version), wait=False))
    return _typed(facts, target, f"deploy {version}", plan)


def _typed(facts: Facts, target: Target, task: str, plan: Iterator[Step]) -> Optional[str]:
    """The task that carries the plan out; None when the plan has no steps. Errors: Blocked."""
    steps, last = list(plan), facts.host.last_change
    if not steps:
        return None
    first = next((number for number, step in enumerate(steps) if step.then_look), len(steps) - 1)
    if not any(step.changes for step in steps[: first + 1]):
        return _look_into(facts, target, steps[first].why)
    if last and last.failed and task in (last.task.replace(" --version ", " "), "heal" if last.task == "watch" else ""):
        return f"find out why it failed last ({last.outcome[:200]}), then: inv {task} -H {target.name}"
    return f"inv {task} -H {target.name}"


def _repaired(facts: Facts, target: Target, faults: list[Finding]) -> Optional[str]:
    """How the first fault is repaired that heal leaves to a person; None without one."""
    if not faults:
        return None
    found = faults[0]
    if found.way_out is not None:
        return found.way_out
    task = f"fix.{found.fault.name}{' --yes' if found.wants_yes else ''}"
    return _typed(facts, target, task, found.fault.repair(facts, target))


def _way_out(error: Blocked, target: Target, version: Optional[str], faults: list[Finding]) -> str:
    """What a person can do; an option alone is told with the task that has it, for they decide what it costs."""
    if error.hint.startswith("--"):
        return f"your decision: inv deploy {version} -H {target.name} {error.hint}"
    for found in faults:
        if found.way_out is not None and error.hint.startswith(f"inv fix.{found.fault.name} "):
            return found.way_out
    task, here, _ = error.hint.partition(f" -H {target.name}")
    return task + here if error.hint.startswith("inv ") else error.hint or error.case


def _look_into(facts: Facts, target: Target, why: str) -> str:
    """Nothing that the tool does helps but time, if that does."""
    log = target.settings.log(facts.serving.port if facts.serving else None)
    return f"look again in a while, and if it stays so, into {facts.host.folder}/{log}: {why}"
