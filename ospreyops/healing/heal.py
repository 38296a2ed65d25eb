"""What heals a host: its known faults first, then the desired release is brought back."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Blocked
from ..facts import Facts
from ..faults import Fault, registry
from ..goals import health
from ..goals.deploy import deployed
from ..goals.desired import UNKNOWN, check_known
from ..goals.rollout import Rollout
from ..release import Release
from ..step import Step
from ..target import Target


def restored(facts: Facts, target: Target) -> Iterator[Step]:
    """The desired release is healthy, and no container is left alongside, but for one that still drains."""
    if facts.host.desired:
        yield from deployed(facts, target, Rollout(Release(facts.host.desired.version), wait=False, any_image=True))


def healed(facts: Facts, target: Target) -> Iterator[Step]:
    """No fault keeps the desired release from being healthy; a healthy service is not touched.

    A repair with an impact is done only where the service is not healthy; one that needs a confirmation, never.
    Errors: Blocked, also where it is not known which release is desired.
    """
    check_known(facts)
    if not facts.host.desired:
        return
    well = facts.engine is not None and not health.problem(facts)
    for fault in registry():
        if fault.needs_confirmation or not fault.heal_waits or (well and fault.impact):
            continue
        steps = _repair(fault, facts, target, well=well)
        yield from steps
        if steps:
            return
    yield from restored(facts, target)


def _repair(fault: Fault, facts: Facts, target: Target, *, well: bool) -> list[Step]:
    """The fault's steps; what only a person can repair is left alone while the service is well. Errors: Blocked."""
    try:
        return list(fault.repair(facts, target))
    except Blocked:
        if well:
            return []
        raise


def outcome(facts: Facts) -> str:
    """How the service is, for a task's last line."""
    if facts.host.desired:
        return facts.state
    unknown = any(name in facts.host.damaged for name in UNKNOWN)
    return f"{facts.state}, and {'it is not known which' if unknown else 'no'} release is desired"
