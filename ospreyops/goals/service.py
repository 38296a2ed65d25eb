"""Goals: the service is started or stopped; runbook, "Starting Osprey service", "Stopping Osprey service"."""

from __future__ import annotations

from collections.abc import Iterator

from .. import lines
from ..errors import Blocked
from ..facts import Facts
from ..release import UNIT
from ..remote.command import Command, sh
from ..step import Keyed, Step
from ..target import Target
from . import machine, switchover, traffic
from .rollout import Plan, engine_of

KEPT_LOGS = 5
LOG_LIMIT = 50_000_000
"""Bytes of log after which even that of a running service is rotated."""
STARTED = 30
"""Seconds until the container of a start script that goes on must be there."""
NOT_RUN = {
    126: " (it may not be executed: is its folder mounted noexec?)",
    127: " (it is not there, or its interpreter is not)",
}
"""What the shell's own exit statuses say of a script that it could not run."""


def drain_all(plan: Plan) -> Iterator[Step]:
    """A phase of a rollout: no container is left, once what goes on has finished, or the drain seconds are over."""
    steps = [step for container in plan.engine.containers for step in switchover.retired(plan, container)]
    yield from steps or stopped(plan.facts, plan.target)


def make_room(plan: Plan) -> Iterator[Step]:
    """A phase of a rollout: what may be stopped is stopped."""
    return stopped(plan.facts, plan.target)


def resume(plan: Plan) -> Iterator[Step]:
    """A phase of a rollout: what somebody paused goes on; nothing that computes in it is lost."""
    for container in plan.engine.containers:
        if container.paused:
            line, outcome = lines.unpause(plan.facts, plan.target, container), f"{container.image} goes on"
            yield Step(f"{container.image} is paused", line, outcome, then_look=True)


def start_alone(plan: Plan) -> Iterator[Step]:
    """A phase of a rollout: the release starts at the service's own port. Errors: Blocked when that is taken."""
    facts, target, host = plan.facts, plan.target, plan.facts.host
    unit_runs = host.unit is not None and host.unit.active
    if host.listener and not plan.engine.containers and not unit_runs and not facts.machine.vm:
        raise Blocked(
            f"port {target.settings.service_port} of {host.name} is taken by {host.listener}",
            hint=f"stop that, or set osprey.hosts.{host.name}.service_port",
        )
    yield from machine.certificates_valid(facts, target)
    yield from _moved_unit(plan)
    yield from traffic.route_reset(facts, target)
    yield from _started(plan, target.settings.service_port)


def start_alongside(plan: Plan) -> Iterator[Step]:
    """A phase of a rollout: the release starts at a port of its own. Errors: Blocked when it could not."""
    renewed = list(machine.certificates_valid(plan.facts, plan.target))
    if renewed:
        hint = f"inv fix.certs --yes -H {plan.target.name}, which restarts Docker, and with it what runs"
        raise Blocked(f"nothing can start alongside another container: {renewed[0].why}", hint=hint)
    yield from _moved_unit(plan)
    yield from _started(plan, switchover.spare_port(plan), then_look=True)


def _moved_unit(plan: Plan) -> Iterator[Step]:
    """The unit, where there is one, starts the release. Errors: Blocked where a drop-in may have the last word."""
    unit, release, script = plan.facts.host.unit, plan.release, plan.script_folder
    if unit is None or (unit.version, unit.folder) == (release.version, script):
        return
    why = f"the unit {UNIT} starts {unit.version or 'nothing known'}"
    if unit.drop_ins:
        hint = f"have them start {release.version}, or remove what they say of ExecStart and WorkingDirectory"
        raise Blocked(f"{why}, and has drop-ins that may say so: {', '.join(unit.drop_ins)}", hint=hint)
    line = lines.move_unit(plan.facts, release, script)
    yield Step(why, line, f"the unit {UNIT} starts {release.version}")


def _started(plan: Plan, port: int, *, then_look: bool = False) -> Iterator[Step]:
    """The start script runs, and its log is its own."""
    facts, target, host, image = plan.facts, plan.target, plan.facts.host, plan.release.image
    log, unit = target.settings.log(port), host.unit
    if host.logs.get(log) and not unit:
        yield Step(f"rotate {log}", rotate_log(facts, log), f"{log} is rotated")
    why = f"{image} does not run"
    ended = host.script_end if host.script_end and host.script_end.version == plan.release.version else None
    if ended and ended.status and not unit:
        why += f": its start script ended with exit status {ended.status}{NOT_RUN.get(ended.status, '')}"
    line = Keyed(f"start {plan.release.version}", lines.start(facts, target, plan.release, plan.script_folder, port))
    patience = STARTED if ended is None or unit else 0
    yield Step(why, line, f"{image} is started", patience, then_look=then_look, lasting=True)


def stopped(facts: Facts, target: Target) -> Iterator[Step]:
    """No container of the service is left, no unit brings one back, and traffic is not sent elsewhere."""
    containers, unit = engine_of(facts).containers, facts.host.unit
    if containers:
        alive = [container for container in containers if not container.ended]
        yield from switchover.removed(facts, target, (alive or containers)[0])
    elif unit and unit.active:
        line = lines.stop(facts, target, None)
        yield Step(f"the unit {UNIT} runs", line, f"the unit {UNIT} is stopped", then_look=True, ends=True)
    else:
        yield from traffic.route_reset(facts, target)


def log_trimmed(facts: Facts) -> Iterator[Step]:
    """The log of a running service does not fill the disk; without room for the compressed one it is left as it is."""
    room = facts.host.disk_free
    for name, count in facts.host.logs.items() if not facts.host.unit else ():
        if count > LOG_LIMIT and (room is None or room > count // 2):
            line = _compress_log(facts, name)
            yield Step(f"{facts.host.folder}/{name} has {count} bytes", line, f"{name} is rotated, and begins anew")


def rotate_log(facts: Facts, log: str) -> Command:
    """Rotate the log, so that each start writes one of its own."""
    return _in_folder(facts, f"{_shift('{log}', '')} && mv -f {{log}} {{log}}.1", log, 20)


def _compress_log(facts: Facts, log: str) -> Command:
    """Rotate the log of a running service: it writes on into the same file, so that one is compressed, then emptied."""
    compress = "gzip -c {log} >{log}.1.gz.new && mv -f {log}.1.gz.new {log}.1.gz && : >{log}"
    return _in_folder(facts, f"{_shift('{log}', '.gz')} && {compress}", log, 120)


def _shift(log: str, ending: str) -> str:
    """Number the rotated logs anew; the oldest goes."""
    numbers = " ".join(str(number) for number in range(KEPT_LOGS - 1, 0, -1))
    there, then = f"{log}.$n{ending}", f"{log}.$((n + 1)){ending}"
    return f"for n in {numbers}; do [ ! -f {there} ] || mv -f {there} {then}; done"


def _in_folder(facts: Facts, template: str, log: str, limit: float) -> Command:
    return sh(
        f"cd {{folder}} && {template}",
        folder=facts.host.folder,
        log=log,
        limit=limit,
        sudo=facts.sudo,
        own=facts.host.folder,
    )
