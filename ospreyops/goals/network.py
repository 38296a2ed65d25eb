"""Goals: the service can be reached; runbook, "configure the virtual machine to forward ports"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from ..errors import Blocked
from ..facts import Facts
from ..facts.host import Listener
from ..facts.machine import RESTING, Rule, State
from ..facts.service import Symptom
from ..step import Step
from ..target import Target
from .loss import serving

NOT_TAKEN = (Symptom.CLOSED, Symptom.UNASKED)
"""What curl meets at a port that nobody listens on, or when it was not asked; anything else is somebody's answer."""


def is_forwarded(facts: Facts, target: Target) -> bool:
    """The service's port is forwarded into the VM, by the rule of the runbook alone; true where there is no VM."""
    vm, seen = target.machine.vm, facts.machine.vm
    if vm is None or seen is None:
        return True
    if seen.rules is None:
        return facts.host.listener is not None
    rule = vm.service_rule()
    alone = not any(clash(other, rule) for other in seen.rules if other != rule)
    return rule in seen.rules and alone and facts.host.listener is not None


def forwarded(facts: Facts, target: Target) -> Iterator[Step]:
    """The service's port is forwarded into the VM; nothing to do where Docker is on the host itself.

    Rules that nobody could ask for are left alone. Errors: Blocked when the port leads nowhere, and nobody can say why.
    """
    vm, seen = target.machine.vm, facts.machine.vm
    if vm is None or seen is None or facts.machine.state is State.ABSENT:
        return
    rule, running = vm.service_rule(), vm_has_process(facts, target)
    if seen.rules is None:
        check_port(facts, target)
        if not facts.host.listener:
            raise rules_unknown(facts)
        return
    for other in seen.rules:
        if other != rule and clash(other, rule):
            why, outcome = f"the rule {other} is in the way", f"the rule {other.name} is deleted"
            line = vm.unforward(other, running=running)
            yield Step(why, line, outcome, ends=serving(facts) is not None)
    check_port(facts, target)
    if rule not in seen.rules:
        outcome = f"port {rule.host_port} is forwarded"
        yield Step(f"port {rule.host_port} is not forwarded", vm.forward(rule, running=running), outcome)
    elif running and not facts.host.listener:
        why = f"the rule {rule} is there, but nothing listens on port {rule.host_port}"
        yield Step(why, vm.unforward(rule, running=running), f"the rule {rule.name} is deleted", then_look=True)


def check_port(facts: Facts, target: Target) -> None:
    """Check that only the VM, or Docker, listens on the service's port. Errors: Blocked, with who else does."""
    listener, port = facts.host.listener, target.settings.service_port
    if listener and not _ours(facts, listener):
        raise Blocked(_taken(target, listener), hint=f"stop that there: lsof -nP -iTCP:{port}")
    error = facts.local.error if facts.machine.vm and not listener and facts.local.about is None else None
    if error and error.symptom not in NOT_TAKEN:
        raise Blocked(_taken(target), evidence=str(error), hint=f"stop that there: lsof -nP -iTCP:{port}")


def _ours(facts: Facts, listener: Listener) -> bool:
    """The listener belongs to the service: it is the VM's process, or, on the host itself, Docker's."""
    vm, engine, unit = facts.machine.vm, facts.engine, facts.host.unit
    if vm is not None:
        return vm.process is not None and listener.pid == vm.process.pid
    return not engine or any(not container.ended for container in engine.containers) or bool(unit and unit.active)


def _taken(target: Target, listener: Optional[Listener] = None) -> str:
    return f"port {target.settings.service_port} of {target.name} is taken by {listener or Listener()}"


def vm_has_process(facts: Facts, target: Target) -> bool:
    """The VM has a process, which takes rules itself. Errors: Blocked when there is no VM that could be asked."""
    hints = {State.ABSENT: "machine.create", State.HUNG: "fix.hung", State.UNKNOWN: "doctor"}
    if hint := hints.get(facts.machine.state):
        raise Blocked(f"no rule of the VM can be seen: {facts.machine.why}", hint=f"inv {hint} -H {target.name}")
    return facts.machine.state not in RESTING


def rules_unknown(facts: Facts) -> Blocked:
    """The error of who needs the VM's rules, which VBoxManage did not tell."""
    name = facts.host.name
    why = facts.machine.unasked or facts.machine.why
    return Blocked(f"no rule of the VM can be seen: {why}", hint=f"run it on {name}: VBoxManage list vms")


def clash(one: Rule, other: Rule) -> bool:
    """VirtualBox would refuse one of them, or both want the same port."""
    return one.name == other.name or (one.proto, one.host_port) == (other.proto, other.host_port)
