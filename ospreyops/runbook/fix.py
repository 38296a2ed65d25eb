"""Runbook, "Troubleshooting": a task for each file in ospreyops/faults, doctor's look, and what heals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from invoke import Collection

from .. import switchover
from ..cli import task
from ..errors import Blocked, OspreyError, Usage
from ..facts import Facts
from ..faults import Fault, known, seen
from ..plan import Step, reach
from ..release import Release
from ..site import Site
from . import running, service


def brought_back(facts: Facts, site: Site) -> Iterator[Step]:
    """What the host is meant to run is healthy there, and nothing is left of what it took over from."""
    if facts.host.wanted:
        yield from (steps := list(running.healthy(facts, site, Release(facts.host.wanted.version))))
        if not steps:
            yield from switchover.drained(facts, site, switchover.DRAIN, wait=False)


def healed(facts: Facts, site: Site) -> Iterator[Step]:
    """No fault keeps what the host is meant to run from being healthy; a healthy service is not touched.

    What ends a computation is done only to a service that is not healthy anyway; what only a person may decide, never.
    """
    if not facts.host.wanted:
        return
    well = facts.engine is not None and not service.unhealthy(facts)
    for fault in known():
        if fault.asks or (well and fault.cost):
            continue
        try:
            steps = list(fault.cure(facts, site))
        except Blocked:
            if well:
                continue
            raise
        if steps:
            yield from steps
            return
    yield from brought_back(facts, site)


def remedy(facts: Facts, site: Site, found: list[Fault]) -> str:
    """The task that does something about these faults: `heal`, unless it would leave them to a person."""
    try:
        heals = any(True for _ in healed(facts, site))
    except OspreyError:
        heals = False
    return "heal" if heals or not found else f"fix.{found[0].name}"


def rows(facts: Facts, site: Site) -> list[tuple[Fault, str]]:
    """The faults that a look shows, in a table: the evidence, the task that cures it, and what that may cost."""
    found = seen(facts, site)
    for fault, why in found:
        site.console.row(False, fault.name, why)
        cost = f" (costs: {fault.cost})" if fault.cost else ""
        site.console.note(f"  {'':<9} cured by: inv fix.{fault.name} -H {site.name}{cost}")
    return found


def outcome(facts: Facts) -> str:
    """How the service is, for a task's last line."""
    return facts.state + ("" if facts.host.wanted else ", and none is meant to run")


def _fix(fault: Fault) -> Any:
    def cured(site: Site, *, yes: bool) -> str:
        def goal(facts: Facts) -> Iterator[Step]:
            steps = list(fault.cure(facts, site))
            if steps and fault.asks and not yes and not site.dry:
                raise Usage(f"{steps[0].why}; the cure is {steps[0].do}", hint="--yes")
            yield from steps or ([] if fault.asks else brought_back(facts, site))

        did = reach(site, goal)
        return site.finished(did, outcome(site.last))

    def body(site: Site) -> str:
        return cured(site, yes=False)

    def asking(site: Site, yes: bool = False) -> str:
        return cured(site, yes=yes)

    chosen: Any = asking if fault.asks else body
    chosen.__doc__ = f"Cure: {fault.about}."
    return task(name=fault.name, help={"yes": "really: it changes how the host behaves"} if fault.asks else {})(chosen)


ns = Collection("fix", *(_fix(fault) for fault in known()))
