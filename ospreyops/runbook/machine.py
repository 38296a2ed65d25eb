"""Runbook, "Checking the status of Docker", "Creating a new docker machine", "Starting/Stopping Docker itself"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..cli import as_json, task
from ..command import quote
from ..console import size
from ..containers import EngineFacts
from ..errors import Blocked, OspreyError, Unhealthy, Usage
from ..facts import Facts, State
from ..machines import Vm
from ..plan import Await, Same, Step, reach
from ..settings import NAME
from ..site import Site
from ..wanted import unmeant

TOLERATED = 5
"""Seconds that a VM's clock may differ from its host's."""
REFUSED = re.compile("certificate|x509|tls:|[.]pem: no such file")
MOVED = re.compile("certificate is valid for .*, not ")
"""What Docker says of an engine that has another address than its certificate."""
DOWN = re.compile("docker[.]sock: connect: (no such file|connection refused)")
"""What is said of Docker in a VM where it does not run."""
UNUSABLE = re.compile("not found|is too (new|old)")
"""What `docker version` says where it is not installed, or of another age than boot2docker's Docker 19.03."""
MAKING = 1800
"""Seconds that making a VM may take, with its image to be fetched."""
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
    """Docker answers: the VM that it is in is there, runs, and has the right time."""
    vm, seen, state, why = site.machine.vm, facts.machine.vm, facts.machine.state, facts.machine.why
    if vm is None or seen is None:
        engine_of(facts)
    elif seen.making and not facts.engine:
        why = f"the VM {vm.name} is being made (pid {seen.making.pid})"
        yield Step(why, Await(str(vm.create())), "it is", MAKING, then_look=True)
    elif seen.unfinished:
        why = f"the making of the VM {vm.name} did not end"
        yield Step(why, vm.forget(), "what it left is gone", then_look=True)
    elif seen.unregistered:
        hint = f"VBoxManage registervm {seen.unregistered}, or osprey.hosts.{site.name}.vm_registry; or machine.remove"
        raise Blocked(f"VirtualBox does not know the VM {vm.name}, whose files are there", hint=hint)
    elif state is State.ABSENT:
        yield Step(why, vm.create(), f"the VM {vm.name} is made", UP, then_look=True)
    elif state is State.SAVED:
        yield Step(why, vm.restore(), f"the VM {vm.name} goes on", UP, then_look=True)
    elif state is State.STOPPED:
        yield Step(why, vm.start(), f"the VM {vm.name} is started", UP, then_look=True)
    elif state is State.PAUSED:
        yield Step(why, vm.resume(), f"the VM {vm.name} is not paused any more", then_look=True)
    elif state is State.BROKEN:
        yield Step(f"{why}: its processor crashed", vm.kill(), f"the VM {vm.name} is powered off", then_look=True)
    elif state is State.HUNG:
        raise Blocked(f"the VM {vm.name} hangs: {why}", hint=f"inv fix.hung -H {site.name}")
    elif DOWN.search(facts.engine_why):
        yield Step(f"Docker in the VM {vm.name} does not run: {why}", vm.start_engine(), "it does", UP, then_look=True)
    elif not facts.engine:
        line = f"docker-machine ssh {vm.name} docker version"
        yield Step(f"Docker in the VM {vm.name} must answer: {why}", Await(line), "it does", UP, True)
    else:
        yield from in_step(facts, site)


def in_step(facts: Facts, site: Site) -> Iterator[Step]:
    """The VM's clock is its host's; runbook: "The clock is not synchronized between the guest and host OSes"."""
    vm, seen = site.machine.vm, facts.machine.vm
    if vm is None or seen is None or seen.clock_behind is None or abs(seen.clock_behind) < TOLERATED:
        return
    why = (
        f"the VM's clock is {abs(seen.clock_behind):.0f} s {'behind' if seen.clock_behind > 0 else 'ahead of'} its host"
    )
    why += f", and Docker refuses us: {seen.tls}" if seen.tls else ""
    if not seen.steps_clock:
        yield Step(why, vm.step_clock(), "the next drift will be set right by the VM itself, once it was restarted")
    yield Step(why, Same("set the clock", vm.set_clock(seen.clock_behind)), "the VM's clock is set", then_look=True)


def trusted(facts: Facts, site: Site) -> Iterator[Step]:
    """Docker on the host and the engine in the VM accept each other's certificates; renewing them ends the service.

    Errors: Blocked when the host has no docker command that could speak to the VM's.
    """
    vm, seen, engine = site.machine.vm, facts.machine.vm, facts.engine
    if vm is None or seen is None or engine is None or not seen.tls:
        return
    if UNUSABLE.search(seen.tls):
        raise Blocked(
            f"the docker command of {site.name} cannot speak to the VM's Docker: {seen.tls}",
            hint="one of Docker 19.03 to 28 on its PATH, for the release's start script needs it",
        )
    if not REFUSED.search(seen.tls):
        return
    why = f"Docker on {site.name} and the VM's do not accept each other's certificates: {seen.tls}"
    why += engine.lost
    yield Step(why, vm.renew_certificates(), "the certificates are renewed", UP, then_look=True)


def off(facts: Facts, site: Site) -> Iterator[Step]:
    """The VM does not run."""
    vm, state = vm_of(site), facts.machine.state
    if state in (State.RUNNING, State.CHANGING):
        why = f"the VM {vm.name} is {state.value}{facts.engine.lost if facts.engine else ''}"
        yield Step(why, vm.stop(), f"the VM {vm.name} is stopped", then_look=True)
    elif state in (State.PAUSED, State.BROKEN, State.HUNG):
        raise Blocked(
            f"a VM that is {state.value} does not shut down: {facts.machine.why}",
            hint=f"inv {'fix.hung' if state is State.HUNG else 'machine.kill'} -H {site.name}",
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
        site.console.row(
            abs(vm.clock_behind) < TOLERATED, "vm", f"{vm.address}, clock {vm.clock_behind:+.0f} s behind{free}"
        )


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
    """Shut the VM down; what runs in it ends, and is not meant to run any more."""
    name = vm_of(site).name

    def goal(facts: Facts) -> Iterator[Step]:
        steps = list(off(facts, site))
        yield from unmeant(facts, site)
        yield from steps

    return site.finished(reach(site, goal), f"the VM {name} does not run")


@task
def restart(site: Site) -> str:
    """Shut the VM down and start it; what runs in it ends."""
    name = vm_of(site).name
    did = reach(site, lambda facts: off(facts, site))
    did += [] if site.dry else reach(site, lambda facts: answering(facts, site))
    return site.finished(did, f"Docker in the VM {name} answers again")


@task
def kill(site: Site) -> str:
    """Power the VM off, when it does not shut down; what ran in it is not meant to run any more."""
    vm = vm_of(site)

    def goal(facts: Facts) -> Iterator[Step]:
        yield from unmeant(facts, site)
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
        if facts.machine.state is State.HUNG:
            raise Blocked(f"the VM {vm.name} hangs: {facts.machine.why}", hint=f"inv fix.hung -H {site.name}")
        yield from unmeant(facts, site)
        seen = facts.machine.vm
        if facts.machine.state is not State.ABSENT:
            yield Step(f"the VM {vm.name} is there", vm.remove(), "it is removed", then_look=True)
        elif seen and (seen.unfinished or seen.unregistered):
            yield Step(f"files of the VM {vm.name} are there", vm.forget(), "they are removed", then_look=True)

    return site.finished(reach(site, goal), f"there is no VM {vm.name}")


@task
def env(site: Site) -> None:
    """Print what `eval "$(inv machine.env)"` needs, so that docker commands go to the service's Docker."""
    try:
        facts = site.look()
        engine_of(facts)
    except OspreyError:
        site.console.plain("false")
        raise
    vm, seen = site.machine.vm, facts.machine.vm
    if vm and seen:
        if not seen.address:
            raise Blocked(f"the VM {vm.name} has no address on {site.name}", hint=f"inv fix.address -H {site.name}")
        told = vm.engine(seen.address).replace("=~/", f"={quote(facts.host.home)}/")
        site.console.plain(f"export {told} DOCKER_MACHINE_NAME={vm.name}")
        if not site.settings.here:
            site.console.plain(f"# for a shell on {site.name}: the VM can be reached from there alone")
    elif not site.settings.here:
        site.console.plain(f"export DOCKER_HOST=ssh://{site.settings.login}")
    else:
        site.console.plain("unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_MACHINE_NAME")


@task(help={"command": "a line to run there instead of a shell"})
def ssh(site: Site, command: str = "") -> None:
    """Open a shell in the VM, or run a line there."""
    login, facts = vm_of(site).login(command), site.look()
    if facts.machine.state is not State.RUNNING:
        raise Blocked(f"nobody can log in: {facts.machine.why}", hint=f"inv doctor -H {site.name}")
    if site.dry:
        site.console.say(str(login))
    elif command:
        site.console.say(site.host.run(login).out.rstrip())
    else:
        site.host.shell(str(login))


@task(help={"owner": "the user whose VM it is"})
def adopt(site: Site, owner: str = "") -> str:
    """Take over the VM of another user of the host, through sudo; says what to set so that all tasks do."""
    vm = vm_of(site)
    if not NAME.fullmatch(owner):
        raise Usage(f"whose VM? {owner!r} is not the name of a user", hint="--owner jmartin")
    theirs = site.of_owner(owner)
    facts = theirs.look()
    if facts.machine.state is State.ABSENT:
        raise Blocked(f"{owner} has no VM {vm.name} on {site.name}", hint=f"inv machine.create -H {site.name}")
    did = reach(theirs, lambda found: answering(found, theirs))
    site.console.note(f"for all tasks on {site.name}: osprey.hosts.{site.name}.owner: {owner} in invoke.yaml")
    return site.finished(did, f"the VM {vm.name} of {owner} can be used: {theirs.last.state}")
