"""Runbook, "Starting Osprey service", "Stopping Osprey service", "Check service status"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Optional

from ..change.reach import reach
from ..change.rollout import roll_out
from ..change.site import Site
from ..cli import as_json, release_of, task
from ..errors import Blocked, Unhealthy, Usage
from ..facts import Facts
from ..fleet import Kind
from ..goals.deploy import deployed
from ..goals.desired import cleared
from ..goals.health import problem
from ..goals.image import described
from ..goals.loss import YES_HELP, check_loss
from ..goals.rollout import DRAIN, Rollout, engine_of
from ..goals.service import stopped
from ..lines import writes_as_root
from ..outcome import Outcome
from ..release import PROBES, UNIT, Release, parse
from ..remote.command import sh
from ..remote.follow import follow_line
from ..settings import number
from ..step import Step
from ..text import ago
from . import inside
from .image import VERSION_HELP

DAY = 86400
TIMEOUT_HELP = {"health_timeout": "seconds until it must be healthy (default: osprey.health_timeout)"}
DRAIN_HELP = {"drain": "seconds to let running requests finish (default 3600)"}
ROLLOUT_HELP = {
    "stop_first": "stop what runs before, with a downtime, instead of switching over",
    "drop_versions": "protocol versions that nobody uses any more: 0.3, or 0.3,0.4",
    **DRAIN_HELP,
}


def rollout(release: Optional[Release], stop_first: bool, drain: str, drop: str = "") -> Rollout:
    """The rollout that the options describe. Errors: Usage."""
    dropped = frozenset(parse(version.strip()).version for version in drop.split(",") if version.strip())
    seconds = number("--drain", drain) if drain else DRAIN
    return Rollout(release, stop_first=stop_first, drain=seconds, drop=dropped)


@task(help=VERSION_HELP | TIMEOUT_HELP)
def start(site: Site, version: str = "", health_timeout: str = "") -> Outcome:
    """Start a release, and wait until it is healthy."""
    release, patient = release_of(version), site.with_health_timeout(health_timeout)

    def goal(facts: Facts) -> Iterator[Step]:
        serving = facts.serving
        if serving and not serving.ended and serving.image != release.image:
            name, does = facts.host.name, "is paused" if serving.paused else "runs"
            hint = f"inv deploy {version} -H {name}, or inv service.stop -H {name}"
            raise Blocked(f"{serving.image} {does} on {name}", hint=hint)
        return deployed(facts, patient.target, Rollout(release, any_image=True))

    did = reach(site, goal)
    return site.finished(did, f"{described(site.last, release)} is healthy")


@task(help=YES_HELP)
def stop(site: Site, yes: bool = False) -> Outcome:
    """Stop the service at once; forget the desired release.

    While something computes, only with --yes.
    """

    def goal(facts: Facts) -> Iterator[Step]:
        check_loss(facts, "service.stop", yes=yes or site.dry)
        yield from cleared(facts)
        yield from stopped(facts, site.target)

    return site.finished(reach(site, goal), "no service runs")


@task(help={**TIMEOUT_HELP, **ROLLOUT_HELP})
def restart(
    site: Site, health_timeout: str = "", stop_first: bool = False, drain: str = "", drop_versions: str = ""
) -> Outcome:
    """Replace the container, without losing a request."""
    facts = site.look()
    engine_of(facts)
    if not facts.serving or facts.serving.ended:
        raise Blocked(f"no service runs on {site.name}", hint=f"inv service.start 0.3 -H {site.name}")
    release = Release(facts.serving.version)
    patient = site.with_health_timeout(health_timeout)
    planned = replace(rollout(release, stop_first, drain, drop_versions), proven=facts.serving.digest)
    did = roll_out(patient, release, planned, restart=True)
    return site.finished(did, f"{described(patient.last, release)} is healthy, in a new container")


@task(help=DRAIN_HELP)
def drain(site: Site, drain: str = "") -> Outcome:
    """Let no request in, let those that run finish, stop.

    No release is desired any more.
    """
    nothing = rollout(None, False, drain)

    def goal(facts: Facts) -> Iterator[Step]:
        engine_of(facts)
        yield from cleared(facts)
        yield from deployed(facts, site.target, nothing)

    return site.finished(reach(site, goal), "no service runs")


@task(kind=Kind.LOOK, help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> None:
    """Show the container, and whether it is healthy."""
    facts = site.look()
    engine_of(facts)
    found, service = problem(facts), facts.serving
    if json_:
        told = {"service": as_json(service), "unit": as_json(facts.host.unit), "problem": as_json(found)}
        site.console.data({"host": site.name, **told})
    elif service:
        with site.console.together:
            rows(facts, site)
    if found:
        raise Unhealthy(str(found), hint=f"inv status -H {site.name}")


def rows(facts: Facts, site: Site) -> None:
    """The containers in a status table."""
    service, unit = facts.serving, facts.host.unit
    if service:
        port = f", port {service.port}" if service.port else ""
        site.console.row(service.running, "service", f"{service.image} {service.state}{port}")
        if service.running:
            site.console.row(None, "", f"started {ago(service.started_at, facts.host.now)}")
        if service.jobs:
            site.console.row(None, "", f"computing: {', '.join(service.jobs)}")
    else:
        site.console.row(False, "service", "does not run" if facts.engine else "unknown")
    for other in facts.engine.containers if facts.engine else ():
        if other is not service:
            activity = other.activity or "nothing goes on in it"
            site.console.row(None, "", f"alongside: {other.image} {other.state}, {activity}")
    if unit:
        site.console.row(unit.state == "active", "unit", f"{UNIT} {unit.state}, starts {unit.version} in {unit.folder}")


@task(help={**inside.HELP, "command": "a line to run there instead of a shell"})
def shell(site: Site, command: str = "", version: str = "", timeout: str = "") -> None:
    """Open a shell in the service's container.

    bash, or sh where that is missing. Nothing of it is in the history, and it needs no lock.
    """
    if command:
        inside.execute(site, command, version, timeout)
    else:
        inside.shell(site, version)


@task(
    kind=Kind.LOOK,
    help={
        "follow": "show new lines as they come, until Ctrl-C",
        "lines": "how many of the last lines (default 50)",
        "version": "with --failed: the release that failed",
        "failed": "the log of a release whose start failed, without the questions of this tool",
    },
)
def logs(site: Site, follow: bool = False, lines: str = "50", version: str = "", failed: bool = False) -> None:
    """Show the service's log."""
    count = number("--lines", lines)
    if failed:
        _show_failed(site, release_of(version), count)
        return
    if version:
        raise Usage("--version goes with --failed: any other log is that of the release that serves")
    facts = site.look()
    flag = " --follow" if follow else ""
    if facts.host.unit:
        line = sh(f"journalctl --unit {UNIT} --lines {count} --output cat --no-pager{flag}", limit=60)
    else:
        log = f"{facts.host.folder}/{site.settings.log(facts.serving.port if facts.serving else None)}"
        line = sh(f"tail -n {count}{' -F' if follow else ''} {{log}}", log=log, limit=60)
    line = replace(line, sudo=bool(facts.host.unit and facts.host.user != "root"))
    if follow:
        follow_line(site.host, replace(line, limit=DAY))
    else:
        site.console.say(site.host.run(line).out.rstrip(), whole=True)


def _show_failed(site: Site, release: Release, count: int) -> None:
    """Show the log that was kept when the release failed. Errors: Blocked when there is none."""
    facts = site.look()
    log = f"{facts.host.folder}/{release.failed_log}"
    template = f"[ -e {{log}} ] && grep -aEv {{probes}} {{log}} | tail -n {count}"
    line = sh(template, log=log, probes=PROBES, limit=60)
    answer = site.host.ask({"failed_log": line}, sudo=writes_as_root(facts))["failed_log"]
    if not answer.ok:
        hint = f"inv service.logs -H {site.name}"
        raise Blocked(f"no start of {release.version} that failed has left a log on {site.name}", hint=hint)
    site.console.say(answer.out.rstrip(), whole=True)
