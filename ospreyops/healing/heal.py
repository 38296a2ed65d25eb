"""What heals a host: its known faults first, then the desired release is brought back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from ..errors import Blocked, Spared
from ..facts import Facts
from ..faults import registry
from ..goals import health
from ..goals.deploy import deployed
from ..goals.desired import UNKNOWN, check_known
from ..goals.loss import spared
from ..goals.rollout import Rollout
from ..release import Release
from ..step import Step
from ..target import Target


def restored(facts: Facts, target: Target) -> Iterator[Step]:
    """The desired release is healthy, and no container is left alongside, but for one that still drains."""
    if facts.host.desired:
        yield from deployed(facts, target, Rollout(Release(facts.host.desired.version), wait=False, any_image=True))


def healed(facts: Facts, target: Target) -> Iterator[Step]:
    """No fault keeps the desired release from being healthy; what serves or computes is not touched.

    A repair with an impact is done only where the service is not healthy; one that needs a confirmation, never. One
    that would end something, while anything proves that the service serves or computes, is left out.
    Errors: Blocked, when nothing else is left to do and the service is not healthy, or no one knows which is desired.
    """
    check_known(facts)
    if not facts.host.desired:
        return
    well, kept = facts.engine is not None and not health.problem(facts), None
    for fault in registry():
        if fault.needs_confirmation or not fault.heal_waits or (well and fault.impact):
            continue
        hint = f"inv fix.{fault.name} --yes -H {target.name}, which ends it"
        try:
            steps = list(spared(facts, fault.repair(facts, target), hint))
        except Spared as error:
            kept = kept or error
            continue
        except Blocked as error:
            if not well:
                raise (kept or error) from None
            continue
        yield from steps
        if steps:
            return
    yield from _restored(facts, target, kept, well=well)


def _restored(facts: Facts, target: Target, kept: Optional[Spared], *, well: bool) -> Iterator[Step]:
    """The desired release is brought back, once no repair is kept back. Errors: Spared, with the one that is."""
    if kept and not well:
        raise kept
    try:
        yield from spared(facts, restored(facts, target), f"inv fix.service --yes -H {target.name}, which ends it")
    except Spared:
        if not well:
            raise


def outcome(facts: Facts) -> str:
    """How the service is, for a task's last line."""
    if facts.host.desired:
        return facts.state
    unknown = any(name in facts.host.damaged for name in UNKNOWN)
    return f"{facts.state}, and {'it is not known which' if unknown else 'no'} release is desired"
