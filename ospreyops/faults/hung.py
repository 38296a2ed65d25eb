"""VirtualBox does not answer, asked twice, and neither does the VM, while its process lives.

Runbook: "Commands like `docker-machine ls` and `docker-machine stop $VM` hang forever". A call that hangs goes on when
only its parent is ended (field book: docker-machine, 6), so each is ended by its own number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from ..errors import Blocked
from ..facts import Facts
from ..facts.machine import Process, State, VmFacts
from ..machines import Vm
from ..step import Step
from ..target import Target
from ..text import counted
from ..tools import docker_machine, ps, vboxmanage

IMPACT = "the VM is powered off: what computes in the service is cut"
OLD, LENGTHY = 120, 900
"""Seconds after which a call counts as hanging: one that asks, and one that changes a VM, which may take minutes."""
TOOLS = {"docker-machine": docker_machine, "VBoxManage": vboxmanage}
BOOTS = 120
"""Seconds in which a VM that was started need not answer."""


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """End VirtualBox calls that hang, else the VM.

    The calls, then the VM, then VirtualBox's server, each only while it still hangs.
    Errors: Blocked when nothing of the VM is left to end, or the VM may be about to start.
    """
    vm, seen = target.machine.vm, facts.machine.vm
    if vm is None or seen is None or facts.machine.state is not State.HUNG:
        return
    why = str(facts.machine.why)
    calls = hanging(seen, vm)
    server = next((call for call in seen.calls if call.program == "VBoxSVC"), None)
    others = [call for call in seen.calls if call.program == "VBoxHeadless" and call != seen.process]
    if calls:
        why = f"{why}, and {counted(len(calls), 'call')} hung: {_described(calls[0])}"
        line = ps.kill({call.pid for call in calls})
        yield Step(why, line, "the calls that hung are ended", then_look=True, ends=True)
    elif found := seen.making or _changing(seen, vm):
        raise Blocked(f"{why}, but {_described(found)} goes on", hint="wait for its end, or end it there")
    elif seen.process:
        why = f"{why}, while the VM's process lives (pid {seen.process.pid})"
        outcome = f"the VM {vm.name} is powered off"
        yield Step(why, vm.end(seen.process), outcome, then_look=True, ends=True, lasting=True)
    elif server and not others:
        why = f"{why}, and no VM runs: its server hangs (pid {server.pid})"
        outcome = "VirtualBox's server is ended; the next call starts it"
        yield Step(why, ps.kill({server.pid}), outcome, then_look=True, ends=True)
    else:
        running = ", ".join(f"pid {call.pid}" for call in others)
        case = f"{why}, and there is nothing of the VM {vm.name} to end"
        raise Blocked(
            case + (f"; other VMs run: {running}" if others else ""),
            hint=f"restart VirtualBox on {target.name}, or the Mac",
        )


def hanging(seen: VmFacts, vm: Vm) -> list[Process]:
    """The calls that hang: of command lines that are known, about that VM or about all, and not beside a login.

    A login's own helper is a process that is called just docker-machine.
    """
    logins = {call.group for call in seen.calls if _logs_in(call)}
    return [call for call in seen.calls if call.group not in logins and _is_old(call, vm)]


def _logs_in(call: Process) -> bool:
    return call.program == "docker-machine" and docker_machine.subcommand(call.words)[0] in docker_machine.LOGINS


def _is_old(call: Process, vm: Vm) -> bool:
    """The call should have ended long ago."""
    kind = _kind(call, vm)
    return kind is not None and call.age >= kind


def _kind(call: Process, vm: Vm) -> Optional[int]:
    """The seconds after which such a call counts as hanging; None for one that is not known, or of another VM."""
    tool = TOOLS.get(call.program)
    if tool is None:
        return None
    verb, words = tool.subcommand(call.words)
    if verb != tool.OF_ALL and vm.name not in words:
        return None
    return {**dict.fromkeys(tool.QUICK, OLD), **dict.fromkeys(tool.LENGTHY, LENGTHY)}.get(verb)


def _changing(seen: VmFacts, vm: Vm) -> Optional[Process]:
    """What brings the VM up or saves it just now: a call, or its own process while it boots."""
    if seen.process and seen.process.age < BOOTS:
        return seen.process
    return next((call for call in seen.calls if _changes(call, vm)), None)


def _changes(call: Process, vm: Vm) -> bool:
    tool = TOOLS.get(call.program)
    if tool is None or vm.name not in call.words:
        return False
    return tool.subcommand(call.words)[0] in tool.CHANGING or "savestate" in call.words


def _described(call: Process) -> str:
    return f"{call.line[:60]} (pid {call.pid}, for {call.age} s)"
