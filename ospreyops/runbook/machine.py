"""Runbook, "Checking the status of Docker", "Creating a new docker machine", "Starting/Stopping Docker itself"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..change.reach import reach
from ..change.site import Site
from ..checks import NAME
from ..cli import as_json, task
from ..errors import Blocked, Failed, OspreyError, Unconfirmed, Unhealthy, Usage
from ..facts import Facts
from ..facts.machine import RESTING, Reply, State
from ..fleet import Kind
from ..goals.desired import cleared
from ..goals.loss import YES_HELP, check_loss
from ..goals.machine import TOLERATED, docker_answers, stopped, up, vm_of
from ..goals.rollout import engine_of
from ..outcome import Outcome
from ..remote.command import quote
from ..step import Step
from ..text import size


def rows(facts: Facts, site: Site) -> None:
    """The host and its machine in a status table."""
    host, machine, vm = facts.host, facts.machine, facts.machine.vm
    free = f", {size(host.disk_free)} free" if host.disk_free is not None else ""
    site.console.row(None, "host", f"{host.name} ({host.system}), as {host.user}{free}")
    runs = machine.state is State.RUNNING
    text = f"{machine.kind} {machine.state.value}" + (", Docker cannot be used" if runs and machine.why else "")
    text += f", though {machine.unasked}: its rules are not known" if machine.unasked else ""
    site.console.row(runs and not machine.why, "machine", text + (", through sudo" if facts.sudo else ""))
    if vm and vm.clock_behind is not None:
        free = f", {size(vm.disk_free)} free" if vm.disk_free is not None else ""
        good = abs(vm.clock_behind) < TOLERATED
        site.console.row(good, "vm", f"{vm.address or 'no address'}, {_clock(vm.clock_behind)}{free}")


def _clock(behind: float) -> str:
    """The VM's clock beside its host's; a second is the error of the question."""
    if abs(behind) <= 1:
        return "clock in sync"
    return f"clock {abs(behind):.0f} s {'behind' if behind > 0 else 'ahead'}"


@task(kind=Kind.LOOK, help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> None:
    """Show whether Docker runs."""
    facts = site.look()
    if json_:
        site.console.data({"host": site.name, **as_json(facts.machine), "disk_free": facts.host.disk_free})
    else:
        with site.console.together:
            rows(facts, site)
    if facts.machine.state is not State.RUNNING or facts.machine.why:
        raise Unhealthy(f"Docker on {site.name} cannot be used: {facts.machine.why}")


@task
def create(site: Site) -> Outcome:
    """Make the VM that Docker runs in, and start it."""
    return _up(site)


@task
def start(site: Site) -> Outcome:
    """Start the VM that Docker runs in."""
    return _up(site)


def _up(site: Site) -> Outcome:
    name = vm_of(site.target).name
    did = reach(site, lambda facts: up(facts, site.target))
    return site.finished(did, f"Docker in the VM {name} answers")


@task(help=YES_HELP)
def stop(site: Site, yes: bool = False) -> Outcome:
    """Shut the VM down, and forget the desired release.

    What runs in it ends; nothing that heals brings it back. While something computes, only with --yes.
    """
    name = vm_of(site.target).name

    def goal(facts: Facts) -> Iterator[Step]:
        check_loss(facts, "machine.stop", yes=yes or site.dry)
        steps = list(stopped(facts, site.target))
        yield from cleared(facts)
        yield from steps

    return site.finished(reach(site, goal), f"the VM {name} does not run")


@task(help=YES_HELP)
def restart(site: Site, yes: bool = False) -> Outcome:
    """Shut the VM down and start it; what runs in it ends.

    While something computes, only with --yes.
    """
    name = vm_of(site.target).name

    def goal(facts: Facts) -> Iterator[Step]:
        check_loss(facts, "machine.restart", yes=yes or site.dry)
        return (replace(step, lasting=True) for step in stopped(facts, site.target))

    did = reach(site, goal)
    did += [] if site.dry else reach(site, lambda facts: docker_answers(facts, site.target))
    return site.finished(did, f"Docker in the VM {name} answers again")


@task(help=YES_HELP)
def kill(site: Site, yes: bool = False) -> Outcome:
    """Power the VM off, if it does not shut down.

    What ran in it ends; the desired release is forgotten. While something computes, only with --yes.
    """
    vm = vm_of(site.target)

    def goal(facts: Facts) -> Iterator[Step]:
        check_loss(facts, "machine.kill", yes=yes or site.dry)
        yield from cleared(facts)
        seen, state = facts.machine.vm, facts.machine.state
        if state not in RESTING:
            late = seen.process if seen and seen.reply is Reply.LATE else None
            why, outcome = f"the VM {vm.name} is {state.value}", f"the VM {vm.name} is powered off"
            yield Step(why, vm.end(late) if late else vm.power_off(), outcome, then_look=True, ends=True)

    return site.finished(reach(site, goal), f"the VM {vm.name} does not run")


@task(help={"yes": "really: its images and its certificate are lost"})
def remove(site: Site, yes: bool = False) -> Outcome:
    """Remove the VM with all that is in it."""
    vm = vm_of(site.target)
    if not (yes or site.dry):
        raise Unconfirmed(f"this removes the VM {vm.name} of {site.name} with its images")

    def goal(facts: Facts) -> Iterator[Step]:
        if facts.machine.state in (State.HUNG, State.UNKNOWN):
            hint = "fix.hung" if facts.machine.state is State.HUNG else "doctor"
            raise Blocked(f"the VM {vm.name} cannot be asked: {facts.machine.why}", hint=f"inv {hint} -H {site.name}")
        yield from cleared(facts)
        seen = facts.machine.vm
        if facts.machine.state is not State.ABSENT:
            why, outcome = f"the VM {vm.name} is there", f"the VM {vm.name} is removed"
            yield Step(why, vm.remove(), outcome, then_look=True, ends=True)
        elif seen and (seen.unfinished or seen.unregistered):
            why, outcome = f"files of the VM {vm.name} are there", f"the files of the VM {vm.name} are removed"
            yield Step(why, vm.remove_files(), outcome, then_look=True, ends=True)

    return site.finished(reach(site, goal), f"there is no VM {vm.name}")


@task(kind=Kind.LOOK)
def env(site: Site) -> None:
    """Print what your shell's docker needs: eval "$(…)".

    With `eval "$(inv machine.env)"` the docker command of a shell on the host goes to the service's Docker.
    """
    try:
        facts = site.look()
        engine_of(facts)
    except OspreyError:
        site.console.plain("false")
        raise
    vm, seen = site.target.machine.vm, facts.machine.vm
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
    login, facts = vm_of(site.target).login(command), site.look()
    if facts.machine.state is not State.RUNNING:
        raise Blocked(f"nobody can log in: {facts.machine.why}", hint=f"inv doctor -H {site.name}")
    if site.dry:
        site.console.say(str(login), whole=True)
    elif command:
        site.console.say(site.host.run(login).out.rstrip(), whole=True)
    elif status := site.host.shell(login):
        raise Failed(f"exit status {status}: {login}")


@task(help={"owner": "the user whose VM it is"})
def adopt(site: Site, owner: str = "") -> Outcome:
    """Take over the VM of another user, through sudo.

    It says which setting makes all tasks use it.
    """
    vm = vm_of(site.target)
    if not NAME.fullmatch(owner):
        raise Usage(f"whose VM? {owner!r} is not the name of a user", hint="--owner jmartin")
    theirs = site.of_owner(owner)
    facts = theirs.look()
    if facts.machine.state is State.ABSENT:
        raise Blocked(f"{owner} has no VM {vm.name} on {site.name}", hint=f"inv machine.create -H {site.name}")
    did = reach(theirs, lambda found: up(found, theirs.target))
    site.console.dim(f"for all tasks on {site.name}: osprey.hosts.{site.name}.owner: {owner} in invoke.yaml")
    return site.finished(did, f"the VM {vm.name} of {owner} can be used: {theirs.last.state}")
