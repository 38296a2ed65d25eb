"""Runbook, "Starting Osprey service", "Stopping Osprey service", "Check service status"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Optional

from .. import switchover
from ..cli import as_json, task, wanted
from ..command import sh
from ..errors import Blocked, Unhealthy
from ..facts import Facts
from ..plan import Step, reach
from ..release import UNIT, Release
from ..settings import number
from ..site import Site
from ..switchover import DRAIN, How
from ..wanted import unmeant
from .image import VERSION_HELP, described
from .machine import engine_of
from .running import deployed, kept, stopped

DAY = 86400
PATIENCE_HELP = {"patience": "seconds until it must be healthy; osprey.patience if not given"}
DRAIN_HELP = {"drain": "seconds that what goes on in the old one is given"}
HOW_HELP = {
    "stop_first": "stop what runs before, instead of letting the new one take over; says how long nobody was served",
    **DRAIN_HELP,
}


def how(stop_first: bool, drain: str, given: Optional[Path] = None) -> How:
    """How the options say that a release is brought to run. Errors: Usage."""
    return How(given, stop_first, number("--drain", drain) if drain else DRAIN)


@task(help=VERSION_HELP | PATIENCE_HELP)
def start(site: Site, version: str = "", patience: str = "") -> str:
    """Start a release of the service, and wait until it is healthy."""
    release, patient = wanted(version), site.patient(patience)

    def goal(facts: Facts) -> Iterator[Step]:
        service = facts.serving
        if service and service.running and service.image != release.image:
            name = facts.host.name
            raise Blocked(
                f"{service.image} runs on {name}", hint=f"inv deploy --version {version} -H {name}, or service.stop"
            )
        return kept(facts, patient, release)

    return site.finished(reach(site, goal), f"{described(site.last, release)} is healthy")


@task
def stop(site: Site) -> str:
    """Stop the service, at once."""

    def goal(facts: Facts) -> Iterator[Step]:
        yield from unmeant(facts, site)
        yield from stopped(facts, site)

    return site.finished(reach(site, goal), "no service runs")


@task(help={**PATIENCE_HELP, **HOW_HELP})
def restart(site: Site, patience: str = "", stop_first: bool = False, drain: str = "") -> str:
    """Replace the service's container by a new one of the same release, without losing a request."""
    facts = site.look()
    engine_of(facts)
    if not facts.serving or not facts.serving.running:
        raise Blocked(f"no service runs on {site.name}", hint=f"inv service.start --version 0.3 -H {site.name}")
    release = Release(facts.serving.version)
    did = deployed(site.patient(patience), release, how(stop_first, drain), again=True)
    return site.finished(did, f"{described(site.last, release)} is healthy, in a new container")


@task(help=DRAIN_HELP)
def drain(site: Site, drain: str = "") -> str:
    """Let nobody in any more, let what goes on come to its end, then stop the service."""
    limit = how(False, drain).drain

    def goal(facts: Facts) -> Iterator[Step]:
        engine_of(facts)
        yield from unmeant(facts, site)
        yield from (steps := list(switchover.emptied(facts, site, limit)))
        yield from () if steps else stopped(facts, site)

    return site.finished(reach(site, goal), "no service runs")


@task(help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> None:
    """Show the service's container, and whether it is healthy."""
    facts = site.look()
    engine_of(facts)
    problem, service = unhealthy(facts), facts.serving
    if json_:
        site.console.data(
            {"host": site.name, "service": as_json(service), "unit": as_json(facts.host.unit), "problem": problem}
        )
    elif service:
        rows(facts, site)
    if problem:
        raise Unhealthy(problem, hint=f"inv status -H {site.name}")


def rows(facts: Facts, site: Site) -> None:
    """The containers in a status table."""
    service, unit = facts.serving, facts.host.unit
    if service:
        text = f"{service.image} {service.state} since {service.started[:19]}Z" + (
            f", port {service.port}" if service.port else ""
        )
        site.console.row(service.running, "service", text)
        if service.jobs:
            site.console.row(None, "", f"computing: {', '.join(service.jobs)}")
    else:
        site.console.row(False, "service", "does not run" if facts.engine else "unknown")
    for one in facts.engine.containers if facts.engine else ():
        if one is not service:
            site.console.row(None, "", f"beside it: {one.image} {one.state}, {one.busy or 'nothing goes on in it'}")
    if unit:
        site.console.row(unit.state == "active", "unit", f"{UNIT} {unit.state}, starts {unit.version} in {unit.folder}")


def unhealthy(facts: Facts) -> str:
    """Why the service is not healthy; "" when what runs is what Desktop wants."""
    if facts.machine.vm and not facts.engine:
        return f"Docker on {facts.host.name} cannot be used: {facts.machine.why}"
    engine_of(facts)
    service = facts.serving
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
        log = f"{facts.host.folder}/{site.settings.log(facts.serving.port if facts.serving else None)}"
        line = sh(f"tail -n {count}{' -F' if follow else ''} {{log}}", log=log, limit=60)
    line = replace(line, sudo=bool(facts.host.unit and facts.host.user != "root"))
    if follow:
        site.host.follow(replace(line, limit=DAY))
    else:
        site.console.say(site.host.run(line).out.rstrip())
