"""Ask once more, where a container has a port of its own: what goes on in it, and who would reach it there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional
from urllib.parse import urlsplit

from .. import lines
from ..facts import Facts
from ..facts.engine import Container, EngineFacts
from ..facts.service import ProbeResult, Symptom
from ..remote.background import Background
from ..remote.host import Host
from ..target import Target
from ..text import bracketed
from ..tools import sockets
from . import https, service

THERE = "own_alongside"
"""The name of the question to the host's own addresses at the port of a container."""
UNREACHED = (Symptom.CLOSED, Symptom.SILENT, Symptom.UNASKED, Symptom.OTHER)
"""What a workstation meets at a port that the way to it does not let through."""


@dataclass(frozen=True)
class Ports:
    """What is asked once more. standby: the port of the service's container that waits for traffic, None without one.

    aside: the containers that traffic does not come to. own: a port to ask at the host's own addresses: the standby's;
    or the active one, where an address does not lead to the service, and that port tells whether it should.
    """

    aside: tuple[Container, ...]
    standby: Optional[int]
    own: Optional[int]


def ports(facts: Facts, target: Target) -> Optional[Ports]:
    """What is to be asked; None where all that runs is reached at the service's own port."""
    engine, active, usual = facts.engine, facts.machine.active_port, target.settings.service_port
    if not engine or active is None:
        return None
    aside = tuple(one for one in engine.containers if one.running and one.port not in (None, active))
    named = engine.service
    standby = named.port if named in aside and named and named.port != usual else None
    running = {one.port for one in engine.containers if one.running}
    lost = any(way.about != facts.local.about for way in facts.ways)
    own = standby or (active if lost and active != usual and active in running else None)
    return Ports(aside, standby, own if facts.ways else None) if aside or own else None


def seen_alongside(host: Host, target: Target, facts: Facts, outside: Optional[str]) -> Facts:
    """The same facts, with what was asked once more. outside: the URL that this computer asks, None without one."""
    found = ports(facts, target)
    if found is None:
        return facts
    tables = {one.name.replace("-", "_"): one for one in found.aside}
    questions = {name: lines.connections(target, one) for name, one in tables.items()}
    if found.own:
        questions[THERE] = service.ways_question(found.own)
    url = f"https://{target.machine.address(facts)}:{found.standby}" if found.standby else None
    far = _far(outside, target, found.standby)
    asking = Background(lambda: https.probe(far)) if far else None
    asked = host.ask({**questions, **(service.questions(url) if url else {})})
    asked.update(host.ask(again) if url and (again := service.again(url, asked)) else {})
    counted = {
        one: replace(one, connections=sockets.open_connections(asked[name].out, one.port))
        for name, one in tables.items()
    }
    seen: tuple[ProbeResult, ...] = asking.result(3 * service.LIMIT, ()) if asking else ()
    return replace(
        facts,
        engine=_counted(facts, counted),
        standby=service.probed(url, asked) if url else None,
        standby_outside=tuple(place for place in seen if not (place.error and place.error.symptom in UNREACHED)),
        ways=service.ways_alongside(facts.ways, found.own, asked[THERE]) if found.own else facts.ways,
    )


def _counted(facts: Facts, counted: dict[Container, Container]) -> EngineFacts:
    """The engine, with the connections of those containers."""
    engine = facts.engine
    assert engine, "something runs in it"
    own = counted.get(engine.service, engine.service) if engine.service else None
    return replace(engine, service=own, others=tuple(counted.get(other, other) for other in engine.others))


def _far(outside: Optional[str], target: Target, port: Optional[int]) -> Optional[str]:
    """The URL of a container's port from this computer; None where users come in through something else."""
    at = urlsplit(outside or "")
    if not port or not at.hostname or at.port != target.settings.service_port or target.machine.vm:
        return None
    return f"https://{bracketed(at.hostname)}:{port}"
