"""Goals: Docker answers, in a VM that is right; runbook, "Managing Docker itself"."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Blocked
from ..facts import Facts
from ..facts.engine import Refusal
from ..facts.machine import RESTING, Reply, State, Trust, VmFacts
from ..machines import Vm
from ..step import Keyed, Step, WaitFor
from ..target import Target
from .loss import spared
from .rollout import Plan, engine_of

TOLERATED = 5
"""Seconds that a VM's clock may differ from its host's."""
MAKING = 1800
"""Seconds that making a VM may take, with its image to be fetched."""
UP = 120
"""Seconds until Docker in a VM that was started must answer."""
TRY = {
    Reply.MISSING: "install VirtualBox, or have VBoxManage on the PATH",
    Reply.LATE: "wait until VirtualBox is less busy, or see what it does: ps -axo pid,etime,command | grep VBox",
}
"""What helps where VBoxManage did not answer so; else a person reads its own words."""


def vm_of(target: Target) -> Vm:
    """The lines of the target's VM. Errors: Blocked where Docker is on the host itself."""
    if target.machine.vm is None:
        raise Blocked(f"Docker on {target.name} is on the host itself: there is no VM to work on")
    return target.machine.vm


def answering(plan: Plan) -> Iterator[Step]:
    """The first phase of a rollout: Docker answers. Errors: Blocked when something of use would be ended for that."""
    return up(plan.facts, plan.target)


def up(facts: Facts, target: Target) -> Iterator[Step]:
    """Docker answers, and nothing that serves or computes is ended for that. Errors: Blocked; Spared."""
    running = "fix.docker" if engine_down(facts) else "machine.restart"
    way = {State.RUNNING: running, State.PAUSED: "fix.paused"}.get(facts.machine.state, "fix.stopped")
    return spared(facts, docker_answers(facts, target), f"inv {way} --yes -H {target.name}, which ends it")


def docker_answers(facts: Facts, target: Target) -> Iterator[Step]:
    """Docker answers: the VM that it is in is whole, runs, and has the right time. Errors: Blocked."""
    vm, seen = target.machine.vm, facts.machine.vm
    if vm is None or seen is None:
        engine_of(facts)
        return
    for part in (_whole(facts, vm, seen), _running(facts, vm, seen), _engine_running(facts, vm)):
        steps = list(part)
        yield from steps
        if steps:
            return
    yield from clock_synced(facts, target)


def _whole(facts: Facts, vm: Vm, seen: VmFacts) -> Iterator[Step]:
    """The VM's making came to its end. Errors: Blocked when only a person can bring back what it lacks."""
    name, state = facts.host.name, facts.machine.state
    if seen.making and not facts.engine:
        why = f"waiting for the VM {vm.name} to be made (pid {seen.making.pid})"
        yield Step(why, WaitFor(str(vm.create())), f"the VM {vm.name} is made", MAKING, then_look=True)
    elif seen.unfinished and state in RESTING:
        why = f"the making of the VM {vm.name} did not end"
        outcome = f"the files of the half-made VM {vm.name} are removed"
        yield Step(why, vm.remove_files(), outcome, then_look=True, ends=True)
    elif seen.unregistered and state is State.ABSENT:
        hint = f"{_registering(seen.unregistered)}, or osprey.hosts.{name}.vm_registry; or machine.remove"
        raise Blocked(f"VirtualBox does not know the VM {vm.name}, whose files are there", hint=hint)
    elif seen.record and not seen.record.ssh_port and not seen.making and state is State.RUNNING:
        why = f"the making of the VM {vm.name} ended before docker-machine knew how to log in"
        yield Step(why, vm.restart(), f"the VM {vm.name} is restarted", UP, then_look=True, ends=True, lasting=True)


def _registering(left: str) -> str:
    """How VirtualBox gets to know a VM again, from what is left: its settings, those before them, or its folder."""
    settings = left.removesuffix("-prev")
    if not settings.endswith(".vbox"):
        return f"a backup of its settings, NAME.vbox, in {left}"
    return (
        f"VBoxManage registervm {left}"
        if settings == left
        else f"cp {left} {settings} && VBoxManage registervm {settings}"
    )


def _running(facts: Facts, vm: Vm, seen: VmFacts) -> Iterator[Step]:
    """The VM runs. Errors: Blocked when it hangs, or could not be asked."""
    state, why, name = facts.machine.state, str(facts.machine.why), facts.host.name
    if state is State.HUNG:
        raise Blocked(f"the VM {vm.name} hangs: {why}", hint=f"inv fix.hung -H {name}")
    if state is State.UNKNOWN:
        hint = TRY.get(seen.reply, f"VBoxManage showvminfo {vm.name}, on {name}")
        raise Blocked(f"nobody can say how the VM {vm.name} is: {why}", hint=hint)
    if state is State.ABSENT:
        yield Step(why, vm.create(), f"the VM {vm.name} is made", UP, then_look=True, lasting=True)
    elif state in (State.SAVED, State.ABORTED_SAVED):
        line = vm.restore(aborted=state is State.ABORTED_SAVED)
        outcome = f"the VM {vm.name} is started: it goes on from its saved state, if that could be loaded"
        yield Step(why, line, outcome, UP, then_look=True, ends=True, lasting=True)
    elif state is State.STOPPED:
        yield Step(why, vm.start(), f"the VM {vm.name} is started", UP, then_look=True, lasting=True)
    elif state is State.PAUSED:
        outcome = f"the VM {vm.name} is not paused any more"
        yield Step(why, vm.resume(), outcome, then_look=True, ends=True, lasting=True)
    elif state is State.BROKEN:
        why += ": its processor crashed"
        outcome = f"the VM {vm.name} is powered off"
        yield Step(why, vm.power_off(), outcome, then_look=True, ends=True, lasting=True)


def _engine_running(facts: Facts, vm: Vm) -> Iterator[Step]:
    """Docker runs in the VM, and answers."""
    if engine_down(facts):
        why = f"Docker does not run in the VM {vm.name}: {facts.refusal}"
        yield Step(why, vm.start_engine(), f"Docker in the VM {vm.name} is started", UP, then_look=True, ends=True)
    elif facts.refusal and facts.refusal.kind is Refusal.DENIED:
        case = f"Docker in the VM {vm.name} refuses its own user: {facts.refusal}"
        raise Blocked(case, hint=f"docker-machine ssh {vm.name} id, on {facts.host.name}: the user has no group docker")
    elif not facts.engine:
        line = WaitFor(f"docker-machine ssh {vm.name} docker version")
        why = f"waiting for Docker in the VM {vm.name} to answer: {facts.machine.why}"
        yield Step(why, line, f"Docker in the VM {vm.name} answers", UP, then_look=True)


def engine_down(facts: Facts) -> bool:
    """Docker said that it does not run where it should."""
    return facts.refusal is not None and facts.refusal.kind is Refusal.DOWN


def clock_synced(facts: Facts, target: Target) -> Iterator[Step]:
    """The VM's clock is its host's; runbook: "The clock is not synchronized between the guest and host OSes"."""
    vm, seen = target.machine.vm, facts.machine.vm
    if vm is None or seen is None or seen.clock_behind is None or abs(seen.clock_behind) < TOLERATED:
        return
    way = "behind" if seen.clock_behind > 0 else "ahead of"
    why = f"the VM's clock is {abs(seen.clock_behind):.0f} s {way} its host"
    why += f", and Docker refuses us: {seen.tls}" if seen.tls and seen.tls.trust is not Trust.ACCEPTED else ""
    if seen.rules is not None:
        outcome = "the VM will set its clock by itself after the next drift, once it was restarted"
        yield Step(why, vm.step_clock(), outcome)
    line = Keyed("set the clock", vm.set_clock(seen.clock_behind))
    yield Step(why, line, "the VM's clock is set", then_look=True)


def certificates_valid(facts: Facts, target: Target) -> Iterator[Step]:
    """Docker on the host and the engine in the VM accept each other's certificates; renewing them ends the service.

    Errors: Blocked when the host has no docker command that could speak to the VM's.
    """
    vm, seen, engine = target.machine.vm, facts.machine.vm, facts.engine
    if vm is None or seen is None or engine is None or not seen.tls or facts.machine.state is not State.RUNNING:
        return
    if seen.tls.trust is Trust.UNFIT:
        raise Blocked(
            f"the docker command of {target.name} cannot speak to the VM's Docker: {seen.tls}",
            hint="one of Docker 19.03 to 28 on its PATH, for the release's start script needs it",
        )
    if seen.tls.trust in (Trust.REFUSED, Trust.MOVED):
        why = f"Docker on {target.name} and the VM's do not accept each other's certificates: {seen.tls}{engine.loss}"
        if seen.other_ca:
            old = "the client's certificate is not of docker-machine's CA, or the time of one is over"
            yield Step(old, vm.drop_client_certificate(), "the client's certificate is put aside")
        outcome = "the certificates are renewed"
        yield Step(why, vm.renew_certificates(), outcome, UP, then_look=True, ends=True)


def stopped(facts: Facts, target: Target) -> Iterator[Step]:
    """The VM does not run. Errors: Blocked when it is in a state that does not shut down."""
    vm, state = vm_of(target), facts.machine.state
    if state in (State.RUNNING, State.CHANGING):
        why = f"the VM {vm.name} is {state.value}{facts.engine.loss if facts.engine else ''}"
        yield Step(why, vm.stop(), f"the VM {vm.name} is stopped", then_look=True, ends=True)
    elif state not in RESTING:
        hint = {State.HUNG: "inv fix.hung", State.UNKNOWN: "inv doctor"}.get(state, "inv machine.kill")
        case = f"a VM that is {state.value} does not shut down: {facts.machine.why}"
        raise Blocked(case, hint=f"{hint} -H {target.name}")
