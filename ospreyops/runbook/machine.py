"""Runbook, "Checking the status of Docker", "Creating a new docker machine", "Starting/Stopping Docker itself"."""

from __future__ import annotations

from collections.abc import Iterator

from ..cli import as_json, task
from ..console import size
from ..errors import Blocked, Unhealthy, Usage
from ..facts import EngineFacts, Facts, State
from ..machines import Vm
from ..plan import Await, Step, reach
from ..site import Site

UP = 120
"""Seconds until Docker in a VM that was started must answer."""


def engine_of(facts: Facts) -> EngineFacts:
    """The engine's facts. Errors: Blocked, in docker's own words, when it cannot be asked."""
    if facts.engine:
        return facts.engine
    why, name = facts.engine_why, facts.host.name
    if facts.machine.vm:
        raise Blocked(f"Docker on {name} cannot be used: {facts.machine.why}", hint=f"inv machine.start -H {name}")
    if "docker" not in facts.host.tools:
        raise Blocked(
            f"there is no docker command on {name}", hint="install Docker there, e.g. apt-get install docker.io"
        )
    if "permission denied" in why or "sudo" in why:
        raise Blocked(
            f"{facts.host.user} may not use Docker on {name}: {why}", hint="log in as a user who may use sudo"
        )
    raise Blocked(f"Docker on {name} does not answer: {why}", hint="start it there, e.g. sudo systemctl start docker")


def vm_of(site: Site) -> Vm:
    """The lines of the site's VM. Errors: Blocked where Docker is on the host itself."""
    if site.machine.vm is None:
        raise Blocked(f"Docker on {site.name} is on the host itself: there is no VM to work on")
    return site.machine.vm


def answering(facts: Facts, site: Site) -> Iterator[Step]:
    """Docker answers: the VM that it is in is there, and runs."""
    vm, state = site.machine.vm, facts.machine.state
    if facts.engine or vm is None:
        engine_of(facts)
    elif state is State.ABSENT:
        yield Step(facts.machine.why, vm.create(), f"the VM {vm.name} is made", UP, then_look=True)
    elif state in (State.STOPPED, State.SAVED):
        yield Step(facts.machine.why, vm.start(), f"the VM {vm.name} is started", UP, then_look=True)
    elif state is State.PAUSED:
        yield Step(facts.machine.why, vm.save(), "what runs in the VM is saved", then_look=True)
    elif state in (State.RUNNING, State.CHANGING):
        line = f"docker-machine ssh {vm.name} docker version"
        yield Step(f"Docker in the VM {vm.name} must answer: {facts.machine.why}", Await(line), "it does", UP, True)
    else:
        raise Blocked(
            f"the VM {vm.name} is {state.value}: {facts.machine.why}", hint=f"inv machine.kill -H {site.name}"
        )


def off(facts: Facts, site: Site) -> Iterator[Step]:
    """The VM does not run."""
    vm, state = vm_of(site), facts.machine.state
    if state in (State.RUNNING, State.CHANGING):
        yield Step(f"the VM {vm.name} is {state.value}", vm.stop(), f"the VM {vm.name} is stopped", then_look=True)
    elif state in (State.PAUSED, State.BROKEN, State.HUNG):
        raise Blocked(
            f"a VM that is {state.value} does not shut down: {facts.machine.why}",
            hint=f"inv machine.kill -H {site.name}",
        )


def rows(facts: Facts, site: Site) -> None:
    """The host and its machine in a status table."""
    host, machine, vm = facts.host, facts.machine, facts.machine.vm
    free = f", {size(host.disk_free)} free" if host.disk_free is not None else ""
    site.console.row(None, "host", f"{host.name} ({host.system}), as {host.user}{free}")
    text = f"{machine.kind} {machine.state.value}" + (f": {machine.why}" if machine.why else "")
    site.console.row(machine.state is State.RUNNING, "machine", text + (", through sudo" if facts.sudo else ""))
    if vm and vm.clock_behind is not None:
        free = f", {size(vm.disk_free)} free" if vm.disk_free is not None else ""
        site.console.row(abs(vm.clock_behind) < 5, "vm", f"{vm.address}, clock {vm.clock_behind:+.0f} s behind{free}")


@task(help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> None:
    """Show whether Docker runs."""
    facts = site.look()
    if json_:
        site.console.data({"host": site.name, **as_json(facts.machine), "disk_free": facts.host.disk_free})
    else:
        rows(facts, site)
    if facts.machine.state is not State.RUNNING or facts.machine.why:
        raise Unhealthy(f"Docker on {site.name} cannot be used: {facts.machine.why}")


@task
def create(site: Site) -> str:
    """Make the VM that Docker runs in, and start it."""
    return _up(site)


@task
def start(site: Site) -> str:
    """Start the VM that Docker runs in."""
    return _up(site)


def _up(site: Site) -> str:
    name = vm_of(site).name
    return site.finished(reach(site, lambda facts: answering(facts, site)), f"Docker in the VM {name} answers")


@task
def stop(site: Site) -> str:
    """Shut the VM down; what runs in it ends."""
    return site.finished(reach(site, lambda facts: off(facts, site)), f"the VM {vm_of(site).name} does not run")


@task
def kill(site: Site) -> str:
    """Power the VM off, when it does not shut down."""
    vm = vm_of(site)

    def goal(facts: Facts) -> Iterator[Step]:
        if facts.machine.state not in (State.ABSENT, State.STOPPED, State.SAVED):
            yield Step(
                f"the VM {vm.name} is {facts.machine.state.value}", vm.kill(), "it is powered off", then_look=True
            )

    return site.finished(reach(site, goal), f"the VM {vm.name} does not run")


@task(help={"yes": "really: its images and its certificate are lost"})
def remove(site: Site, yes: bool = False) -> str:
    """Remove the VM with all that is in it."""
    vm = vm_of(site)
    if not yes:
        raise Usage(f"this removes the VM {vm.name} of {site.name} with its images", hint="--yes")

    def goal(facts: Facts) -> Iterator[Step]:
        if facts.machine.state is not State.ABSENT:
            yield Step(f"the VM {vm.name} is there", vm.remove(), "it is removed", then_look=True)

    return site.finished(reach(site, goal), f"there is no VM {vm.name}")
