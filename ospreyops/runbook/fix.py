"""Runbook, "Troubleshooting": a task for each file in ospreyops/faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from invoke import Collection

from ..change.reach import reach
from ..change.site import Site
from ..cli import task
from ..errors import Unconfirmed
from ..facts import Facts
from ..faults import Fault, Finding, registry
from ..goals.loss import check_confirmed
from ..healing.diagnosis import Diagnosis
from ..healing.heal import outcome, restored
from ..outcome import Outcome
from ..step import Step


def rows(found: Diagnosis, site: Site) -> None:
    """The faults of a host in a table: the evidence, the task that repairs it, and its impact."""
    for one in found.faults:
        site.console.row(False, one.fault.name, one.evidence)
        if one.way_out is not None:
            site.console.dim(f"  {'':<9} yours to do: {one.way_out}")
            continue
        site.console.dim(f"  {'':<9} fix: {advised(one, site)}")
        if one.fault.impact:
            site.console.dim(f"  {'':<9} impact: {one.fault.impact}")


def advised(found: Finding, site: Site) -> str:
    """The task that repairs a fault, as it is typed."""
    return f"inv fix.{found.fault.name}{' --yes' if found.wants_yes else ''} -H {site.name}"


def _fix(fault: Fault) -> Any:
    def repaired(site: Site, yes: bool = False) -> Outcome:
        sure, name = yes or site.dry, f"fix.{fault.name}"

        def goal(facts: Facts) -> Iterator[Step]:
            steps = list(fault.repair(facts, site.target))
            if steps and fault.needs_confirmation and not sure:
                raise Unconfirmed(f"{steps[0].why}; the repair is {steps[0].do}")
            steps = steps or ([] if fault.needs_confirmation else list(restored(facts, site.target)))
            check_confirmed(facts, steps, name, yes=sure)
            return iter(steps)

        did = reach(site, goal)
        return site.finished(did, outcome(site.last))

    repaired.__doc__ = f"{fault.about}."
    changes = "it changes how the host behaves" if fault.needs_confirmation else "end what serves or computes, too"
    return task(name=fault.name, help={"yes": f"really: {changes}"})(repaired)


ns = Collection("fix", *(_fix(fault) for fault in registry()))
