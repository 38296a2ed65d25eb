"""Runbook, "Starting Osprey service", "Stopping Osprey service", "Check service status"."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Optional

from ..cli import as_json, task, wanted
from ..command import Command, sh
from ..errors import Blocked, OspreyError, Unhealthy
from ..facts import Facts
from ..plan import Await, Step, reach
from ..release import CONTAINER, UNIT, Release, parse
from ..settings import number
from ..site import Site
from ..wanted import meant, unmeant
from . import image, machine, net
from .image import VERSION_HELP, described
from .machine import engine_of

KEPT_LOGS = 5
LOG_LIMIT = 50_000_000
"""Bytes of log after which even that of a running service is put aside."""
DAY = 86400
DEAD = re.compile(r"HTTP 5|no answer in time|not the JSON|curl: \((7|28|35|52|56)\)")
"""How a service that hangs looks, to curl (nothing listens, time out, TLS, an end too early) and to us."""
ENDED = ("created", "exited", "dead")
PATIENCE_HELP = {"patience": "seconds until it must be healthy; osprey.patience if not given"}


def right(facts: Facts, site: Site, release: Release) -> bool:
    """The release runs, from the image that its name means now, on the right port, kept by the unit if there is one."""
    engine, unit = engine_of(facts), facts.host.unit
    service, known = engine.service, engine.images.get(release.image)
    return bool(
        service
        and service.running
        and service.image == release.image
        and (known is None or known.digest == service.digest)
        and service.port in (None, site.settings.service_port)
        and (unit is None or (unit.state == "active" and unit.version == release.version))
    )


def hangs(facts: Facts, site: Site) -> str:
    """Why the service, which runs for longer than it may take to start, does not serve; "" when it does, or may yet.

    What a start would not cure is passed over: another certificate, another version, a forward that is missing.
    """
    service = engine_of(facts).service
    if not service or not service.running or any(net.forwarded(facts, site)):
        return ""
    problem = facts.local.problem(service.version)
    age = facts.host.now - calendar.timegm(time.strptime(service.started[:19], "%Y-%m-%dT%H:%M:%S"))
    if age < site.settings.patience or not DEAD.search(problem):
        return ""
    return f"{service.image} hangs: {problem}{service.lost}"


def stopped(facts: Facts, site: Site) -> Iterator[Step]:
    """No container of the service is left, and no unit brings it back."""
    service, unit = engine_of(facts).service, facts.host.unit
    if (unit and unit.active) or (service and service.state not in ENDED):
        what = service.image if service else f"the unit {UNIT}"
        why = f"{what} runs{service.lost if service else ''}"
        yield Step(why, site.machine.stop_service(facts), f"{what} is stopped", then_look=True)
    elif service:
        why = f"a container {service.state} holds the name {CONTAINER}"
        yield Step(why, site.machine.remove_container(facts), "that container is removed", then_look=True)


def running(facts: Facts, site: Site, release: Release, given: Optional[Path] = None) -> Iterator[Step]:
    """The release runs in the container `osprey-service`."""
    yield from image.loaded(facts, site, release, given)
    if not facts.engine:
        return
    if right(facts, site, release):
        yield from log_small(facts)
        return
    host, unit, service = facts.host, facts.host.unit, engine_of(facts).service
    script = host.script_folder(release.version)
    if script not in host.unpacked.values() and release.image in engine_of(facts).images:
        yield from image.unpacked(facts, site, release, given)
    if service or (unit and unit.active and unit.version != release.version):
        yield from stopped(facts, site)
    elif host.listener and not (unit and unit.active) and not facts.machine.vm:
        raise Blocked(
            f"port {site.settings.service_port} of {host.name} is taken by {host.listener}",
            hint=f"stop that, or set osprey.hosts.{host.name}.service_port",
        )
    yield from machine.trusted(facts, site)
    if unit and (unit.version, unit.folder) != (release.version, script):
        why = f"the unit {UNIT} starts {unit.version or 'nothing known'}"
        yield Step(why, site.machine.use_release(facts, release), f"the unit {UNIT} starts {release.version}")
    if host.log_size and not unit:
        yield Step("the log of the run before is there", put_aside(facts), "the old log is kept")
    ended = "" if unit or not host.ended else f": its start script ended with exit status {host.ended}"
    patience = 30 if host.ended is None or unit else 0
    yield Step(
        f"{release.image} does not run{ended}",
        site.machine.start_service(facts, release),
        f"{release.image} is started",
        patience,
    )


def healthy(facts: Facts, site: Site, release: Release, given: Optional[Path] = None) -> Iterator[Step]:
    """The release runs, and OSPREY Desktop of its version is content with it."""
    starting = [*running(facts, site, release, given), *net.forwarded(facts, site)]
    yield from starting
    if starting or (problem := facts.problem(release.version)):
        why = "the service must answer as OSPREY Desktop asks" if starting else problem
        line = f"curl --insecure {site.settings.url}/v{release.version}/about"
        yield Step(why, Await(line), "it does", site.settings.patience, then_look=True)


def kept(facts: Facts, site: Site, release: Release, given: Optional[Path] = None) -> Iterator[Step]:
    """The release is healthy, and the host remembers that it is meant to run it."""
    yield from healthy(facts, site, release, given)
    yield from meant(facts, site, release)


def put_back(site: Site, name: str) -> str:
    """See to it that the service that ran before a failed deploy runs; what came of it, in a clause."""
    site.console.note(f"{name} ran before: it must run again")
    before = parse(name.rpartition(":")[2])
    try:
        did = reach(site, lambda facts: running(facts, site, before))
    except OspreyError as error:
        return f"{name} could not be put back: {error.case}"
    return f"{name} runs again" if did else f"{name} still runs"


def log_small(facts: Facts) -> Iterator[Step]:
    """The log of a running service does not fill the disk."""
    log, old = facts.host.log, f"{facts.host.log}.1"
    if facts.host.log_size > LOG_LIMIT and not facts.host.unit:
        line = sh("cp {log} {old} && : >{log}", log=log, old=old, limit=120, sudo=facts.sudo)
        yield Step(f"{log} has {facts.host.log_size} bytes", line, "the log begins anew")


def put_aside(facts: Facts) -> Command:
    """Rotate the log, so that each start writes one of its own."""
    numbers = " ".join(str(number) for number in range(KEPT_LOGS - 1, 0, -1))
    return sh(
        f"cd {{folder}} && for n in {numbers}; do [ ! -f {{log}}.$n ] || mv -f {{log}}.$n {{log}}.$((n + 1)); done"
        " && mv -f {log} {log}.1",
        folder=facts.host.folder,
        log=f"{CONTAINER}.log",
        limit=20,
        sudo=facts.sudo,
    )


@task(help=VERSION_HELP | PATIENCE_HELP)
def start(site: Site, version: str = "", patience: str = "") -> str:
    """Start a release of the service, and wait until it is healthy."""
    release, patient = wanted(version), site.patient(patience)

    def goal(facts: Facts) -> Iterator[Step]:
        service = facts.engine and facts.engine.service
        if service and service.running and service.image != release.image:
            name = facts.host.name
            raise Blocked(
                f"{service.image} runs on {name}", hint=f"inv deploy --version {version} -H {name}, or service.stop"
            )
        return kept(facts, patient, release)

    return site.finished(reach(site, goal), f"{described(site.last, release)} is healthy")


@task
def stop(site: Site) -> str:
    """Stop the service."""

    def goal(facts: Facts) -> Iterator[Step]:
        yield from unmeant(facts, site)
        yield from stopped(facts, site)

    return site.finished(reach(site, goal), "no service runs")


@task(help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> None:
    """Show the service's container, and whether it is healthy."""
    facts = site.look()
    service = engine_of(facts).service
    problem = unhealthy(facts)
    if json_:
        site.console.data(
            {"host": site.name, "service": as_json(service), "unit": as_json(facts.host.unit), "problem": problem}
        )
    elif service:
        rows(facts, site)
    if problem:
        raise Unhealthy(problem, hint=f"inv status -H {site.name}")


def rows(facts: Facts, site: Site) -> None:
    """The container in a status table."""
    service, unit = facts.engine and facts.engine.service, facts.host.unit
    if service:
        text = f"{service.image} {service.state} since {service.started[:19]}Z" + (
            f", port {service.port}" if service.port else ""
        )
        site.console.row(service.running, "service", text)
        if service.jobs:
            site.console.row(None, "", f"computing: {', '.join(service.jobs)}")
    else:
        site.console.row(False, "service", "does not run" if facts.engine else "unknown")
    if unit:
        site.console.row(unit.state == "active", "unit", f"{UNIT} {unit.state}, starts {unit.version} in {unit.folder}")


def unhealthy(facts: Facts) -> str:
    """Why the service is not healthy; "" when what runs is what Desktop wants."""
    if facts.machine.vm and not facts.engine:
        return f"Docker on {facts.host.name} cannot be used: {facts.machine.why}"
    service = engine_of(facts).service
    if not service or not service.running:
        return f"the service does not run on {facts.host.name}" + (f": {service.state}" if service else "")
    return facts.problem(service.version)


@task(help={"follow": "go on with new lines until Ctrl-C", "lines": "how many of the last lines"})
def logs(site: Site, follow: bool = False, lines: str = "50") -> None:
    """Show the service's log."""
    count, facts = number("--lines", lines), site.look()
    flag = " --follow" if follow else ""
    if facts.host.unit:
        line = sh(f"journalctl --unit {UNIT} --lines {count} --output cat --no-pager{flag}", limit=60)
    else:
        line = sh(f"tail -n {count}{' -F' if follow else ''} {{log}}", log=facts.host.log, limit=60)
    line = replace(line, sudo=bool(facts.host.unit and facts.host.user != "root"))
    if follow:
        site.host.follow(replace(line, limit=DAY))
    else:
        site.console.say(site.host.run(line).out.rstrip())
