"""VirtualBox does not answer, while the VM's process lives.

Runbook: "Commands like `docker-machine ls` and `docker-machine stop $VM` hang forever". Calls that hang go on for ever
when only their parents are ended (field book: docker-machine, 6), so their process groups are.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Blocked
from ..facts import Facts
from ..facts.machine import Process, State
from ..step import Step
from ..target import Target
from ..text import counted
from ..tools import ps

IMPACT = "the VM is powered off: what computes in the service is cut"
OLD = 30
"""Seconds after which a call counts as hanging, once VBoxManage has not answered."""
HEADLESS = "VBoxHeadless"
SERVER = "VBoxSVC"
SPARED = f"{HEADLESS}|{SERVER}|docker-machine ssh"
"""What may be old for a good reason; a login into the VM does not wait for VBoxManage any more."""


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """End VirtualBox calls that hang, else the VM.

    The calls, then the VM, then VirtualBox's server, each only while it still hangs.
    Errors: Blocked when nothing of the VM is left to end.
    """
    vm, seen = target.machine.vm, facts.machine.vm
    if vm is None or seen is None or facts.machine.state is not State.HUNG:
        return
    why = str(facts.machine.why)
    calls = [call for call in seen.calls if call.age >= OLD and not call.runs(SPARED)]
    server = next((call for call in seen.calls if call.runs(SERVER)), None)
    others = [call for call in seen.calls if call.runs(HEADLESS) and call != seen.process]
    if calls:
        why = f"{why}, and {counted(len(calls), 'call')} hung: {_described(calls[0])}"
        yield Step(why, ps.kill({-call.group for call in calls}), "the calls that hung are ended", then_look=True)
    elif seen.process:
        why = f"{why}, while the VM's process lives (pid {seen.process.pid})"
        yield Step(why, vm.end(seen.process), f"the VM {vm.name} is powered off", then_look=True)
    elif server and not others:
        why = f"{why}, and no VM runs: its server hangs (pid {server.pid})"
        yield Step(why, ps.kill({server.pid}), "VirtualBox's server is ended; the next call starts it", then_look=True)
    else:
        running = ", ".join(f"pid {call.pid}" for call in others)
        case = f"{why}, and there is nothing of the VM {vm.name} to end"
        raise Blocked(
            case + (f"; other VMs run: {running}" if others else ""),
            hint=f"restart VirtualBox on {target.name}, or the Mac",
        )


def _described(call: Process) -> str:
    return f"{call.line[:60]} (pid {call.pid}, for {call.age} s)"
