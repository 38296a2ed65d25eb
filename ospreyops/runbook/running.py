"""Goals: a release of the service runs, is healthy, and is what the host is meant to run; or none runs.

Runbook: "Starting Osprey service", "Stopping Osprey service"; what deploys and restarts is made of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Optional

from .. import hooks, switchover
from ..command import Command, sh
from ..containers import Container
from ..errors import Blocked, Failed, OspreyError, Unhealthy
from ..facts import Facts
from ..plan import Await, Same, Step, reach
from ..release import CONTAINER, UNIT, Release, parse
from ..site import Site
from ..switchover import How
from ..wanted import meant
from . import image, machine, net
from .machine import engine_of

KEPT_LOGS = 5
LOG_LIMIT = 50_000_000
"""Bytes of log after which even that of a running service is put aside."""
DEAD = re.compile(r"HTTP 5|no answer in time|not the JSON|curl: \((7|28|35|52|56)\)")
"""How a service that hangs looks, to curl (nothing listens, time out, TLS, an end too early) and to us."""
HOW = How()


def right(facts: Facts, site: Site, release: Release, but: str = "") -> Optional[Container]:
    """The container that runs the release, from the image that its name means now, kept by the unit if there is one.

    but: the id of one that does not count.
    """
    engine, unit, way_in = engine_of(facts), facts.host.unit, facts.machine.way_in
    known = engine.images.get(release.image)
    if unit and (unit.state != "active" or unit.version != release.version):
        return None
    for one in engine.containers:
        image = one.image == release.image and (known is None or known.digest == one.digest)
        port = way_in is not None or one.port in (None, site.settings.service_port)
        if one.running and image and port and one.id != but and not one.left:
            return one
    return None


def hangs(facts: Facts, site: Site) -> str:
    """Why the service, which runs for longer than it may take to start, does not serve; "" when it does, or may yet.

    What a start would not cure is passed over: another certificate, another version, a forward that is missing.
    """
    engine_of(facts)
    service = facts.serving
    if not service or not service.running or any(net.forwarded(facts, site)):
        return ""
    problem = facts.local.problem(service.version)
    if facts.host.now - service.since < site.settings.patience or not DEAD.search(problem):
        return ""
    return f"{service.image} hangs: {problem}{service.lost}"


def stopped(facts: Facts, site: Site) -> Iterator[Step]:
    """No container of the service is left, no unit brings one back, and nobody is let in elsewhere."""
    containers, unit = engine_of(facts).containers, facts.host.unit
    if containers:
        yield from switchover.cleared(facts, site, max(containers, key=lambda one: one.state not in switchover.ENDED))
    elif unit and unit.active:
        line = site.machine.stop_service(facts, None)
        yield Step(f"the unit {UNIT} runs", line, f"the unit {UNIT} is stopped", then_look=True)
    else:
        yield from switchover.straight(facts, site)


def running(facts: Facts, site: Site, release: Release, how: How = HOW) -> Iterator[Step]:
    """The release runs in the container `osprey-service`, which users reach; another one serves until it does."""
    yield from image.loaded(facts, site, release, how.given)
    if not facts.engine:
        return
    service, chosen = facts.engine.service, right(facts, site, release, how.but)
    if not chosen:
        yield from started(facts, site, release, how)
    elif chosen is facts.serving:
        yield from log_small(facts, site)
        yield from switchover.named(facts, site, chosen) if chosen is not service else ()
    elif chosen is service:
        yield from switchover.let_in(facts, site, release, chosen.port or site.settings.service_port)
    else:
        yield from switchover.named(facts, site, chosen)


def started(facts: Facts, site: Site, release: Release, how: How) -> Iterator[Step]:
    """The release is started: beside another that goes on, or in the place of one that may be stopped."""
    engine, host, unit = engine_of(facts), facts.host, facts.host.unit
    script = host.script_folder(release.version)
    if script not in host.unpacked.values() and release.image in engine.images:
        yield from image.unpacked(facts, site, release, how.given)
    service, beside = engine.service, not how.stop_first and any(one.running for one in engine.others)
    if service and service is facts.serving and not how.stop_first and serves(facts, service):
        if why := switchover.impossible(facts, site):
            hint = f"--stop-first, which stops {service.image} before, and says for how long nobody was served"
            raise Blocked(f"{release.image} cannot take over from {service.image}: {why}", hint=hint)
        yield from switchover.aside(facts, site, service)
        beside = True
    elif beside:
        yield from switchover.cleared(facts, site, service) if service else ()
    elif engine.containers or (unit and unit.active and unit.version != release.version):
        yield from stopped(facts, site)
    elif host.listener and not (unit and unit.active) and not facts.machine.vm:
        raise Blocked(
            f"port {site.settings.service_port} of {host.name} is taken by {host.listener}",
            hint=f"stop that, or set osprey.hosts.{host.name}.service_port",
        )
    renewed = list(machine.trusted(facts, site))
    if renewed and beside:
        hint = f"inv fix.certs -H {site.name}, which restarts Docker, and with it what runs"
        raise Blocked(f"nothing can be started beside another: {renewed[0].why}", hint=hint)
    yield from renewed
    if unit and (unit.version, unit.folder) != (release.version, script):
        why = f"the unit {UNIT} starts {unit.version or 'nothing known'}"
        yield Step(why, site.machine.use_release(facts, release), f"the unit {UNIT} starts {release.version}")
    port = switchover.spare(facts, site) if beside else site.settings.service_port
    log = site.settings.log(port)
    if not beside:
        yield from switchover.straight(facts, site)
    if host.logs.get(log) and not unit:
        yield Step("the log of the run before is there", put_aside(facts, log), "the old log is kept")
    why = "" if unit or not host.ended else f": its start script ended with exit status {host.ended}"
    start = Same(f"start {release.version}", site.machine.start_service(facts, release, port))
    patience = 30 if host.ended is None or unit else 0
    yield Step(f"{release.image} does not run{why}", start, f"{release.image} is started", patience, then_look=beside)
    if beside:
        yield from switchover.let_in(facts, site, release, port)


def serves(facts: Facts, service: Container) -> bool:
    """There is something to lose with it: somebody on the host is content with it, or it computes."""
    return service.running and bool(service.jobs or not facts.local.problem(service.version))


def healthy(facts: Facts, site: Site, release: Release, how: How = HOW) -> Iterator[Step]:
    """The release runs, and OSPREY Desktop of its version is content with it."""
    starting = [*running(facts, site, release, how), *net.forwarded(facts, site)]
    yield from starting
    if starting or (problem := facts.problem(release.version)):
        why = "the service must answer as OSPREY Desktop asks" if starting else problem
        line = f"curl --insecure {site.settings.url}/v{release.version}/about"
        yield Step(why, Await(line), "it does", site.settings.patience, then_look=True)


def kept(facts: Facts, site: Site, release: Release, how: How = HOW) -> Iterator[Step]:
    """The release is healthy, the host remembers that it is meant to run it, and nothing of another one is left."""
    yield from (steps := list(healthy(facts, site, release, how)))
    yield from meant(facts, site, release)
    serving = facts.serving
    if not steps:
        yield from switchover.drained(facts, site, how.drain, wait=True)
    elif (
        serving
        and not how.stop_first
        and serves(facts, serving)
        and serving is not right(facts, site, release, how.but)
    ):
        yield from switchover.leaving(facts, site, replace(serving, name=f"{CONTAINER}-{serving.port}"))


def log_small(facts: Facts, site: Site) -> Iterator[Step]:
    """The log of a running service does not fill the disk."""
    for name, count in facts.host.logs.items() if not facts.host.unit else ():
        if count > LOG_LIMIT:
            log = f"{facts.host.folder}/{name}"
            line = sh("cp {log} {old} && : >{log}", log=log, old=f"{log}.1", limit=120, sudo=facts.sudo)
            yield Step(f"{log} has {count} bytes", line, "the log begins anew")


def put_aside(facts: Facts, log: str) -> Command:
    """Rotate the log, so that each start writes one of its own."""
    numbers = " ".join(str(number) for number in range(KEPT_LOGS - 1, 0, -1))
    return sh(
        f"cd {{folder}} && for n in {numbers}; do [ ! -f {{log}}.$n ] || mv -f {{log}}.$n {{log}}.$((n + 1)); done"
        " && mv -f {log} {log}.1",
        folder=facts.host.folder,
        log=log,
        limit=20,
        sudo=facts.sudo,
    )


@dataclass
class _Course:
    """What a deploy has met so far: what served before it, when that was stopped, and whether the release took over."""

    ran: Optional[Container] = None
    stop: str = ""
    outage: Optional[float] = None
    asked: bool = False
    took_over: bool = False

    def see(self, facts: Facts, site: Site, release: Release) -> None:
        """Take in a look."""
        serving = facts.serving if facts.serving and facts.serving.running else None
        if site.ledger.untouched:
            self.ran = serving
            self.stop = str(site.machine.stop_service(facts, serving)) if serving else ""
        elif serving and (not self.ran or serving.id != self.ran.id) and not facts.problem(release.version):
            self.took_over = True
            self.outage = site.ledger.since(self.stop) if self.outage is None else self.outage


def deployed(site: Site, release: Release, how: How, *, again: bool = False) -> list[Step]:
    """Deploy a release; when it fails, the one that served before goes on, or serves again. Hooks are told of it.

    again: even where it runs already, a container that was started after this began is to run it.
    """
    course = _Course()

    def goal(facts: Facts) -> Iterator[Step]:
        course.see(facts, site, release)
        but = course.ran.id if again and course.ran else ""
        steps = list(kept(facts, site, release, replace(how, but=but)))
        if steps and site.ledger.held and not course.asked:
            course.asked = True
            hooks.refuse(site, release.version)
        return iter(steps)

    try:
        did = reach(site, goal)
    except (Failed, Blocked, Unhealthy) as error:
        if site.ledger.held and not site.ledger.untouched and course.ran and not course.took_over:
            error.done += (put_back(site, course.ran),)
        if course.asked:
            hooks.tell(site, site.settings.deploy_failed, release.version, error.case)
        raise
    if course.outage is not None:
        site.console.note(f"nobody was served for {course.outage:.1f} s")
    if did:
        hooks.tell(site, site.settings.post_deploy, release.version, "ok")
    return did


def put_back(site: Site, ran: Container) -> str:
    """See to it that the service that ran before a failed deploy serves; what came of it, in a clause."""
    site.console.note(f"{ran.image} ran before: it must serve")
    service = site.last.engine and site.last.engine.service
    how = How(stop_first=True, but=service.id if service and service.id != ran.id else "")

    def goal(facts: Facts) -> Iterator[Step]:
        yield from (steps := list(running(facts, site, parse(ran.version), how)))
        if not steps:
            yield from switchover.drained(facts, site, 0, wait=True)

    try:
        reach(site, goal)
    except OspreyError as error:
        return f"{ran.image} could not be put back: {error.case}"
    still = site.last.serving is not None and site.last.serving.id == ran.id
    return f"{ran.image} {'still runs' if still else 'runs again'}"
