"""Who decides that the service is healthy: from where users are, as OSPREY Desktop asks; in its desired version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from ..facts import Facts
from ..facts.service import HANGING, ProbeResult, Problem
from ..step import Step, WaitFor
from ..target import Target
from . import network, service, traffic
from .rollout import Plan, engine_of

LOST_WAY = 10
"""Seconds after which traffic goes back, when the host is content with the release and users are not."""


def problem(facts: Facts) -> Optional[Problem]:
    """Why the service that runs is not healthy; None when it is. Errors: Blocked when Docker cannot be asked."""
    if facts.machine.vm and not facts.engine:
        return Problem(f"Docker on {facts.host.name} cannot be used: {facts.machine.why}")
    engine_of(facts)
    serving = facts.serving
    if not serving or not serving.running:
        return Problem(f"the service does not run on {facts.host.name}" + (f": {serving.state}" if serving else ""))
    return facts.problem(serving.version)


def place_problem(place: ProbeResult) -> Optional[Problem]:
    """What is wrong with how the service looks from one place, for any version; None when all of them are good."""
    if place.about is not None and not place.desktop:
        return Problem(f"{place.where} names no version: {place.about.strip()!r}")
    return place.problem(next(iter(place.desktop), ""))


def hanging(facts: Facts, target: Target) -> Optional[Problem]:
    """Why a service that runs for longer than it may take to start does not serve; None when it does, or may yet.

    A restart does not cure another certificate, another version, or a forward that is missing: those are no hanging.
    """
    engine_of(facts)
    serving = facts.serving
    if not serving or not serving.running or any(network.forwarded(facts, target)):
        return None
    found = facts.local.version_problem(serving.version)
    starting = facts.host.now - serving.started_at < target.settings.health_timeout
    if found is None or starting or found.symptom not in HANGING:
        return None
    return Problem(f"{serving.image} hangs: {found}{serving.loss}", found.symptom)


def settled(plan: Plan) -> bool:
    """Users reach the release and are content with it, and its log is small."""
    forwarded = network.is_forwarded(plan.facts, plan.target) and not any(service.log_trimmed(plan.facts))
    return forwarded and plan.facts.problem(plan.release.version) is None


def settle(plan: Plan) -> Iterator[Step]:
    """A phase of a rollout: users reach the release, and it is healthy."""
    facts, target, release = plan.facts, plan.target, plan.release
    live = plan.candidate is not None and plan.candidate is facts.serving
    if live:
        yield from service.log_trimmed(facts)
        yield from traffic.routed(facts, target)
    yield from network.forwarded(facts, target)
    found = facts.problem(release.version) if live else Problem("it does not serve yet")
    if found:
        why, timeout = f"waiting for {release.image} to become healthy: {found}", target.settings.health_timeout
        lost = _lost_way(plan)
        line = WaitFor(f"curl --insecure {lost or target.settings.url}/v{release.version}/about")
        patience = min(timeout, LOST_WAY) if lost else timeout
        yield Step(why, line, f"{release.image} is healthy", patience, then_look=True)


def _lost_way(plan: Plan) -> Optional[str]:
    """Where users do not reach the release, though the host does, and another container could take traffic back."""
    facts, version = plan.facts, plan.release.version
    back = any(other.running and other.draining_since is None for other in plan.engine.others)
    if not back or facts.local.problem(version) or any(network.forwarded(facts, plan.target)):
        return None
    places = (place.where.partition(" ")[0] for place in facts.outside if place.problem(version))
    return next(places, next((way.where for way in facts.ways if way.about is None), None))
