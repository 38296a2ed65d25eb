"""How a release comes to serve, from top to bottom: where a host stands, and what comes next.

Deploy, rollback, restart, drain and heal walk this one table. Each look reads the stage anew from the host: whoever
comes after a task that was killed resumes where the host stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Callable, Optional

from ..facts import Facts
from ..step import Step
from ..target import Target
from . import desired, health, image, rights, service, switchover, traffic
from .machine import answering
from .rollout import Plan, Rollout, check_programs, in_use


class Stage(Enum):
    """Where a host stands on the way to a release, as one look tells. To serve means that traffic comes to it."""

    BLIND = "Docker cannot be asked"
    PAUSED = "a container is paused"
    VACANT = "no container is there"
    REPLACEABLE = "what is there is not in use, or may be stopped first"
    INCUMBENT = "the previous container serves under the service's name"
    OCCUPIED = "the previous container serves, and another one holds the service's name"
    INCUMBENT_ASIDE = "the previous container serves under the name of its port"
    STANDBY_UNNAMED = "the release runs under the name of its port"
    STANDBY = "the release runs under the service's name"
    LIVE_UNNAMED = "the release serves under the name of its port"
    LIVE = "the release serves under the service's name"
    HEALTHY = "the release is healthy where users are"
    RECORDED = "the release is healthy and is the desired one"
    OPEN = "traffic comes to a service that is not desired"
    CLOSED = "no traffic comes to a service that is not desired"
    DONE = "nothing is left to do"


@dataclass(frozen=True)
class Phase:
    """What leads from a stage to the next one. name: imperative, for `--dry`; then: None where only a look can tell."""

    name: str
    steps: Callable[[Plan], Iterator[Step]]
    then: Optional[Stage]


TABLE = {
    Stage.BLIND: Phase("make Docker answer", answering, None),
    Stage.PAUSED: Phase("have what is paused go on", service.resume, None),
    Stage.REPLACEABLE: Phase("stop what is there", service.make_room, Stage.VACANT),
    Stage.VACANT: Phase("start the release", service.start_alone, Stage.LIVE),
    Stage.INCUMBENT: Phase("keep the previous container serving", switchover.keep_serving, Stage.INCUMBENT_ASIDE),
    Stage.OCCUPIED: Phase("free the service's name", switchover.free_name, Stage.INCUMBENT_ASIDE),
    Stage.INCUMBENT_ASIDE: Phase("start the release alongside", service.start_alongside, Stage.STANDBY),
    Stage.STANDBY_UNNAMED: Phase("give the release the service's name", switchover.promote, Stage.STANDBY),
    Stage.STANDBY: Phase("switch traffic once the release is healthy", switchover.switch_traffic, Stage.LIVE),
    Stage.LIVE_UNNAMED: Phase("give the release the service's name", switchover.promote, Stage.LIVE),
    Stage.LIVE: Phase("wait until users reach it and it is healthy", health.settle, Stage.HEALTHY),
    Stage.HEALTHY: Phase("record the release as the desired one", desired.record, Stage.RECORDED),
    Stage.RECORDED: Phase("drain the previous container", switchover.drain_previous, Stage.DONE),
    Stage.OPEN: Phase("let no new request in", switchover.close, Stage.CLOSED),
    Stage.CLOSED: Phase("drain what runs, and stop it", service.drain_all, Stage.DONE),
}
"""The whole of a rollout. A phase that finds nothing to do gives no step, and the next one follows in the same look."""

STARTING = (Stage.REPLACEABLE, Stage.VACANT, Stage.INCUMBENT, Stage.OCCUPIED, Stage.INCUMBENT_ASIDE)
"""The stages at which the release does not run yet."""


def stage(facts: Facts, target: Target, rollout: Rollout) -> Stage:
    """Where the host stands on the way of the rollout."""
    plan, engine = Plan(facts, target, rollout), facts.engine
    if engine is None:
        return Stage.BLIND
    if any(container.paused for container in engine.containers):
        return Stage.PAUSED
    if rollout.release is None:
        return _leaving(plan)
    candidate = plan.candidate
    if candidate is None:
        return _starting(plan)
    if candidate is facts.serving:
        return _live(plan) if candidate is engine.service else Stage.LIVE_UNNAMED
    named = candidate is engine.service or rollout.keep
    return Stage.STANDBY if named else Stage.STANDBY_UNNAMED


def _starting(plan: Plan) -> Stage:
    """Where the host stands while no container runs the release."""
    engine, unit = plan.engine, plan.facts.host.unit
    if not plan.rollout.stop_first:
        if engine.service and engine.service is plan.facts.serving and in_use(plan.facts, engine.service):
            return Stage.INCUMBENT
        if any(other.running for other in engine.others):
            return Stage.OCCUPIED if engine.service else Stage.INCUMBENT_ASIDE
    other_unit = unit and unit.active and unit.version != plan.release.version
    return Stage.REPLACEABLE if engine.containers or other_unit else Stage.VACANT


def _live(plan: Plan) -> Stage:
    """Where the host stands once traffic comes to the release."""
    if not health.settled(plan):
        return Stage.LIVE
    if not desired.is_recorded(plan):
        return Stage.HEALTHY
    return Stage.RECORDED if plan.engine.others else Stage.DONE


def _leaving(plan: Plan) -> Stage:
    """Where the host stands on the way to run nothing."""
    unit, active = plan.facts.host.unit, plan.facts.machine.active_port
    if any(container.running for container in plan.engine.containers) and active != traffic.CLOSED_PORT:
        return Stage.OPEN
    reset = active in (None, plan.target.settings.service_port) and not (unit and unit.active)
    return Stage.DONE if reset and not plan.engine.containers else Stage.CLOSED


def route(begin: Stage, end: Stage = Stage.DONE) -> Iterator[Phase]:
    """The phases from one stage up to another."""
    at: Optional[Stage] = begin
    while at in TABLE and at is not end:
        yield TABLE[at]
        at = TABLE[at].then


def deployed(facts: Facts, target: Target, rollout: Rollout, end: Stage = Stage.DONE) -> Iterator[Step]:
    """The release serves, healthy, as the desired one, and nothing is left of another; or just the stage `end`."""
    at, plan = stage(facts, target, rollout), Plan(facts, target, rollout)
    if at in STARTING:
        check_programs(facts)
        rights.check_own(facts, target)
    if rollout.release and at not in (Stage.BLIND, Stage.PAUSED):
        yield from image.prepared(plan, starting=at in STARTING)
    for phase in route(at, end):
        yield from phase.steps(plan)


def phases(facts: Facts, target: Target, rollout: Rollout) -> list[str]:
    """The names of the phases that are still to come, in their order."""
    plan = Plan(facts, target, rollout)
    return [phase.name for phase in route(stage(facts, target, rollout)) if any(phase.steps(plan))]
