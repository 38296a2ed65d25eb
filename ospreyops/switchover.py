"""How a release takes over from another without a request lost: proven beside it, let in, and the old one drained.

The one that runs keeps its port under another name; the new one is started at a port of its own, and asked there as
OSPREY Desktop asks. Then new connections to the service's port are let in there (by the kernel's netfilter, where
Docker is), while those that stand go on to the old one, until nothing goes on in it any more. All of this is read back
from the host by each look, so that whoever comes after a task that was killed goes on from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .console import size
from .containers import Container
from .errors import Blocked
from .facts import Facts
from .machines import beside
from .plan import Await, Same, Step
from .release import CONTAINER, UNIT, Release
from .site import Site

DRAIN = 3600
"""Seconds for which what goes on in the old one may go on, unless it is said otherwise."""
NEEDED = 1_300_000_000
"""Bytes of memory for one more service: Java's -Xmx1g, and the proxy (field book: osprey-release, 7)."""
ENDS = 30
"""Seconds within which a container in which nothing goes on any more ends by itself."""
ENDED = ("created", "exited", "dead", "removing")
CLOSED = 9
"""The port that nobody is let in at (discard; nothing listens there)."""


@dataclass(frozen=True)
class How:
    """How a release is brought to run.

    given: its archive, on this computer; stop_first: what runs may be stopped before, which is an outage.
    drain: seconds; but: the id of a container that does not count, for it is to be replaced.
    """

    given: Optional[Path] = None
    stop_first: bool = False
    drain: int = DRAIN
    but: str = ""


def impossible(facts: Facts, site: Site) -> str:
    """Why no other service can stand beside the one that runs and take over from it; "" when one can."""
    machine = facts.machine
    if facts.host.unit:
        return f"the unit {UNIT} keeps one container alone"
    if machine.way_in is None:
        return f"nobody can be let in elsewhere on {site.name}: it has no iptables that {facts.host.user} may use"
    if machine.memory_free is not None and machine.memory_free < NEEDED:
        where = f"the VM {site.machine.vm.name}" if site.machine.vm else site.name
        free = f"{size(machine.memory_free)} free, {size(NEEDED)} needed for one more"
        return f"the memory of {where} does not bear two services: {free}"
    return ""


def spare(facts: Facts, site: Site) -> int:
    """A port for a container beside others. Errors: Blocked when none is free."""
    ports, engine = beside(site.settings.service_port), facts.engine
    ours = {one.port for one in engine.containers if one.running} if engine else set()
    taken = {*ours, *facts.machine.taken, facts.machine.way_in}
    free = [port for port in ports if port not in taken]
    if not free:
        raise Blocked(f"no port of {ports[0]} to {ports[-1]} is free on {site.name}", hint="the same command again")
    return free[0]


def aside(facts: Facts, site: Site, service: Container) -> Iterator[Step]:
    """The container gives its name to the one that is to take over, and goes on."""
    line = site.machine.rename(facts, {CONTAINER: f"{CONTAINER}-{service.port}"})
    yield Step(f"{service.image} serves until another can", line, "it goes on under another name", then_look=True)


def named(facts: Facts, site: Site, chosen: Container) -> Iterator[Step]:
    """The container that is to serve has the service's name; the one that has it now takes the name of its port."""
    service = facts.engine and facts.engine.service
    if service and not service.running:
        yield from cleared(facts, site, service)
        return
    names = {CONTAINER: f"{CONTAINER}-{service.port}"} if service else {}
    line = site.machine.rename(facts, {**names, chosen.name: CONTAINER})
    yield Step(f"{chosen.image} is to serve, as {chosen.name}", line, "it has the service's name", then_look=True)


def cleared(facts: Facts, site: Site, container: Container) -> Iterator[Step]:
    """That container is not there, whatever goes on in it."""
    if container.state in ENDED:
        why = f"a container {container.state} holds the name {container.name}"
        line = site.machine.remove_container(facts, container)
        yield Step(why, line, "that container is removed", then_look=True)
    else:
        line = site.machine.stop_service(facts, container)
        why = f"{container.image} runs{container.lost}"
        yield Step(why, line, f"{container.image} is stopped", then_look=True)


def let_in(facts: Facts, site: Site, release: Release, port: int) -> Iterator[Step]:
    """New connections end at the service's container, at that port, once OSPREY Desktop would be content with it.

    One at the service's own port cannot be asked while that leads elsewhere; it has served before, and is let in again.
    """
    where = f"https://{site.machine.address(facts)}:{port}"
    unknown = "" if port == site.settings.service_port else "it is not started"
    problem = facts.own.unready(release.version) if facts.own else unknown
    if problem:
        why = f"{release.image} must answer before it is let in: {problem}"
        line = Await(f"curl --insecure {where}/v{release.version}/about")
        yield Step(why, line, "it does", site.settings.patience, then_look=True)
    why = f"{release.image} answers at port {port}, as OSPREY Desktop asks"
    yield Step(why, site.machine.let_in(facts, port), "new requests go there", then_look=True)


def straight(facts: Facts, site: Site) -> Iterator[Step]:
    """New connections to the service's port end there."""
    port, way_in = site.settings.service_port, facts.machine.way_in
    if way_in not in (None, port):
        why = f"what comes for port {port} goes to {way_in}, where nothing is"
        yield Step(why, site.machine.let_in(facts, port), f"it goes to port {port} again")


def led(facts: Facts, site: Site) -> Iterator[Step]:
    """New connections to the service's port end at a container, if one runs."""
    engine, way_in = facts.engine, facts.machine.way_in
    service = engine.service if engine else None
    if not engine or not service or not service.running or not service.port or way_in is None:
        return
    if not any(one.running and one.port == way_in for one in engine.containers):
        why = f"what comes for port {site.settings.service_port} goes to {way_in}, where nothing is"
        yield Step(why, site.machine.let_in(facts, service.port), f"it goes to {service.image}", then_look=True)


def drained(facts: Facts, site: Site, drain: int, *, wait: bool) -> Iterator[Step]:
    """No container is left beside the one that serves; what goes on in another is given time, if any is left.

    wait: until then; else such a one is left for later.
    """
    serving, engine = facts.serving, facts.engine
    for one in engine.others if engine and serving else ():
        if one is not serving:
            yield from ended(facts, site, one, drain, wait=wait)


def ended(facts: Facts, site: Site, one: Container, drain: int, *, wait: bool = True) -> Iterator[Step]:
    """That container is gone; what goes on in it is given so many seconds."""
    if not one.running and one.auto_remove:
        going = Await(f"docker container inspect {one.name}")
        yield from [Step(f"{one.name} is about to remove itself", going, "it has", then_look=True)] if wait else ()
    elif not one.running:
        yield from cleared(facts, site, one)
    elif one.left is None:
        yield from leaving(facts, site, one)
    elif facts.host.now - one.left >= (drain if one.busy or one.connections is None else min(drain, ENDS)):
        cut = f"{one.busy} is cut after {drain} s" if one.busy else "it did not end by itself"
        line = site.machine.stop_service(facts, one)
        yield Step(f"{one.image} serves no more: {cut}", line, f"the old {one.image} is gone", then_look=True)
    elif wait:
        why = f"{one.image} is drained" + (f": {one.busy}" if one.busy else "")
        yield Step(why, Await(f"docker top {one.name}"), "it is", drain + site.settings.patience, then_look=True)


def leaving(facts: Facts, site: Site, one: Container) -> Iterator[Step]:
    """That container, which nobody new is let in to, ends what it has begun, and then itself."""
    line = Same(f"leave {one.id}", site.machine.leave(facts, one))
    yield Step(f"{one.image} is to end what it has begun, and no more", line, "it does", then_look=True)


def emptied(facts: Facts, site: Site, limit: int) -> Iterator[Step]:
    """Nobody is let in any more, and no container is left, once what goes on has ended, or the limit (seconds) is over.

    Errors: Blocked where the way in cannot be closed.
    """
    running = [one for one in facts.engine.containers if one.running] if facts.engine else []
    if running and facts.machine.way_in is None:
        hint = f"inv service.stop -H {site.name}"
        raise Blocked(f"the way in cannot be closed: {impossible(facts, site)}", hint=hint)
    if running and facts.machine.way_in != CLOSED:
        why = f"{running[0].image} is to serve nobody new"
        yield Step(why, site.machine.let_in(facts, CLOSED), "nobody is let in any more", then_look=True)
    for one in facts.engine.containers if facts.engine else ():
        yield from ended(facts, site, one, limit)
