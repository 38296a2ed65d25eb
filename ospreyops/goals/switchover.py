"""How a release takes over from another without losing a request: the phases of a rollout that move traffic.

The previous container keeps its port under another name. The new one starts at a port of its own, and is asked there as
OSPREY Desktop asks. Then new connections to the service's port are switched to it by the kernel's netfilter, where
Docker is. Open connections go on to the previous container, until nothing goes on in it any more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Optional

from .. import lines
from ..errors import Blocked
from ..facts import Facts
from ..facts.engine import Container
from ..facts.service import Problem
from ..machines import ports_alongside
from ..release import CONTAINER, UNIT
from ..step import Keyed, Step, WaitFor
from ..target import Target
from ..text import size
from . import traffic
from .loss import of_use
from .rollout import Plan, in_use

NOT_STARTED = Problem("it is not started")
NEEDED = 1_300_000_000
"""Bytes of memory for one more service: Java's -Xmx1g, and the proxy (field book: osprey-release, 7)."""
IDLE_LIMIT = 30
"""Seconds within which a draining container with nothing to do ends by itself."""


def obstacle(facts: Facts, target: Target) -> Optional[Problem]:
    """Why no second container can run alongside and take over; None when one can."""
    machine = facts.machine
    if facts.host.unit:
        return Problem(f"the unit {UNIT} keeps one container alone")
    if found := traffic.unswitchable(facts, target):
        return found
    if machine.memory_free is not None and machine.memory_free < NEEDED:
        where = f"the VM {target.machine.vm.name}" if target.machine.vm else target.name
        free = f"{size(machine.memory_free)} free, {size(NEEDED)} needed for one more"
        return Problem(f"{where} has not enough memory for two services: {free}")
    return None


def spare_port(plan: Plan) -> int:
    """A port for a container alongside. Errors: Blocked when none is free."""
    ports, machine = ports_alongside(plan.target.settings.service_port), plan.facts.machine
    ours = {container.port for container in plan.engine.containers if container.running}
    free = [port for port in ports if port not in {*ours, *machine.taken, machine.active_port}]
    if not free:
        case = f"no port of {ports[0]} to {ports[-1]} is free on {plan.target.name}"
        raise Blocked(case, hint="run the same command again")
    return free[0]


def keep_serving(plan: Plan) -> Iterator[Step]:
    """A phase: the previous container gives its name away, and serves on. Errors: Blocked when two cannot run."""
    facts, target, previous = plan.facts, plan.target, plan.engine.service
    assert previous, "the stage says that it serves under the service's name"
    if found := obstacle(facts, target):
        hint = f"--stop-first, which stops {previous.image} before, and says how long the downtime was"
        raise Blocked(f"{plan.release.image} cannot take over from {previous.image}: {found}", hint=hint)
    name = f"{CONTAINER}-{previous.port}"
    yield from _freed(plan, name)
    why = f"keep {previous.image} serving while {plan.release.image} starts"
    line = lines.rename(facts, target, {CONTAINER: name})
    yield Step(why, line, f"{previous.image} still serves, as {name}", then_look=True)


def free_name(plan: Plan) -> Iterator[Step]:
    """A phase: no container that does not serve holds the service's name."""
    assert plan.engine.service, "the stage says that a container holds the service's name"
    return removed(plan.facts, plan.target, plan.engine.service)


def promote(plan: Plan) -> Iterator[Step]:
    """A phase: the release's container gets the service's name; one that runs under it takes the name of its port."""
    holder, candidate = plan.engine.service, plan.candidate
    assert candidate, "the stage says that the release runs"
    if holder and not holder.running:
        yield from removed(plan.facts, plan.target, holder)
        return
    names = {CONTAINER: f"{CONTAINER}-{holder.port}"} if holder else {}
    yield from _freed(plan, *names.values())
    line = lines.rename(plan.facts, plan.target, {**names, candidate.name: CONTAINER})
    why = f"{candidate.image} runs as {candidate.name}"
    yield Step(why, line, f"{candidate.image} has the service's name", then_look=True)


def _freed(plan: Plan, *names: str) -> Iterator[Step]:
    """No container that does not run holds one of the names."""
    for container in plan.engine.others:
        if container.name in names and container.ended:
            yield from removed(plan.facts, plan.target, container)


def switch_traffic(plan: Plan) -> Iterator[Step]:
    """A phase: new connections come to the release, once OSPREY Desktop is content with it at its own port."""
    facts, target, release, candidate = plan.facts, plan.target, plan.release, plan.candidate
    port = (candidate.port or target.settings.service_port) if candidate else spare_port(plan)
    if found := _standby_problem(plan, port) or traffic.way_problem(facts, port):
        why = f"waiting for {release.image} to become healthy (port {port}): {found}"
        line = WaitFor(f"curl --insecure https://{target.machine.address(facts)}:{port}/v{release.version}/about")
        outcome, timeout = f"{release.image} is healthy at port {port}", target.settings.health_timeout
        yield Step(why, line, outcome, timeout, then_look=True)
    elif candidate and not plan.rollout.keep:
        traffic.check_way(plan, port)
    why = f"{release.image} is healthy: switch traffic to port {port}"
    switch = target.machine.switch_traffic(facts, port)
    yield Step(why, switch, f"traffic is switched to {release.image}", then_look=True)


def _standby_problem(plan: Plan, port: int) -> Optional[Problem]:
    """Why the release must not get traffic yet.

    At the service's own port nobody can ask it while traffic goes elsewhere; it served there before, and may again.
    One that is kept served before, too, and is better than what fails now.
    """
    standby, version = plan.facts.standby, plan.release.version
    if plan.rollout.keep or (port == plan.target.settings.service_port and not standby):
        return None
    places = [place for place in (standby, *plan.facts.standby_outside) if place]
    return next(filter(None, (place.problem(version) for place in places)), None if places else NOT_STARTED)


def drain_previous(plan: Plan) -> Iterator[Step]:
    """A phase: no container is left alongside the one that serves; what goes on in another may finish in time."""
    facts, target, serving = plan.facts, plan.target, plan.facts.serving
    if serving and serving is plan.candidate:
        yield from drained(plan)
    elif serving and not plan.rollout.stop_first and in_use(facts, serving):
        yield from draining(facts, target, replace(serving, name=f"{CONTAINER}-{serving.port}"))


def drained(plan: Plan) -> Iterator[Step]:
    """No container is left alongside the one that serves."""
    serving = plan.facts.serving
    for other in plan.engine.others if serving else ():
        if other is not serving:
            yield from retired(plan, other)


def retired(plan: Plan, container: Container) -> Iterator[Step]:
    """The container is gone; what goes on in it may finish within the rollout's drain seconds."""
    facts, target = plan.facts, plan.target
    if not container.running and container.auto_remove:
        line, outcome = WaitFor(f"docker container inspect {container.name}"), f"{container.name} removed itself"
        if plan.rollout.wait:
            yield Step(f"waiting for {container.name} to remove itself", line, outcome, then_look=True)
    elif not container.running:
        yield from removed(facts, target, container)
    elif container.draining_since is None:
        yield from draining(facts, target, container)
    elif facts.host.now - container.draining_since >= _drain_limit(plan, container):
        end = f"is cut: {container.activity}" if container.activity else "did not end by itself"
        why = f"{container.image} has drained for {plan.rollout.drain} s, and {end}"
        outcome, ends = f"the previous {container.image} is gone", bool(container.jobs)
        yield Step(why, lines.stop(facts, target, container), outcome, then_look=True, ends=ends)
    elif plan.rollout.wait:
        why = _drain_told(plan, container)
        patience = plan.rollout.drain + target.settings.health_timeout
        line = WaitFor(f"docker top {container.name}")
        yield Step(why, line, f"{container.image} is drained", patience, then_look=True)


def _drain_told(plan: Plan, container: Container) -> str:
    """Whom a drain waits for, until when at most, and that nobody has to wait for it."""
    end = time.strftime("%H:%M", time.gmtime((container.draining_since or 0) + _drain_limit(plan, container)))
    serving = plan.facts.serving
    serves = f"{serving.version} serves already, " if serving and serving is not container else ""
    what = f"draining {container.image}" + (f": {container.activity}" if container.activity else "")
    return f"{what} (until {end} UTC at most; {serves}Ctrl-C is safe)"


def _drain_limit(plan: Plan, container: Container) -> float:
    """Seconds that the container may drain: not long when nothing goes on in it."""
    idle = not container.activity and container.connections is not None
    return min(plan.rollout.drain, IDLE_LIMIT) if idle else plan.rollout.drain


def draining(facts: Facts, target: Target, container: Container) -> Iterator[Step]:
    """The container, to which no new request comes, finishes its requests and ends."""
    line = Keyed(f"drain {container.id}", lines.drain(facts, target, container))
    yield Step(f"drain {container.image}", line, f"{container.image} is draining", then_look=True)


def removed(facts: Facts, target: Target, container: Container) -> Iterator[Step]:
    """The container is not there, whatever goes on in it."""
    if container.ended:
        why = f"a container that is {container.state} holds the name {container.name}"
        line = lines.remove(facts, target, container)
        yield Step(why, line, f"the {container.state} container {container.name} is removed", then_look=True)
    else:
        line, outcome = lines.stop(facts, target, container), f"{container.image} is stopped"
        why, ends = f"{container.image} runs{container.loss}", of_use(facts, container)
        yield Step(why, line, outcome, then_look=True, ends=ends)


def close(plan: Plan) -> Iterator[Step]:
    """A phase: no new request gets in. Errors: Blocked where traffic cannot be switched."""
    facts, target = plan.facts, plan.target
    running = next(container for container in plan.engine.containers if container.running)
    if found := traffic.unswitchable(facts, target):
        hint = f"inv service.stop -H {target.name}"
        raise Blocked(f"new requests cannot be kept out: {found}", hint=hint)
    line = target.machine.switch_traffic(facts, traffic.CLOSED_PORT)
    yield Step(f"let no new request in to {running.image}", line, "no new request gets in", then_look=True)
