"""VirtualBox does not answer, while the VM's process lives.

Runbook: "Commands like `docker-machine ls` and `docker-machine stop $VM` hang forever". Calls that hang go on for ever
when only their parents are ended (field book: docker-machine, 6), so their process groups are.
"""

from collections.abc import Iterator

from ..command import Command
from ..errors import Blocked
from ..facts import Facts, Process, State
from ..plan import Step
from ..site import Site

COST = "the VM is powered off: what computes in the service is cut"
OLD = 30
"""Seconds after which a call counts as hanging, once VBoxManage has not answered."""
HEADLESS = "VBoxHeadless"
SERVER = "VBoxSVC"
SPARED = f"{HEADLESS}|{SERVER}|docker-machine ssh"
"""What may be old for a good reason; a login into the VM does not wait for VBoxManage any more."""


def cure(facts: Facts, site: Site) -> Iterator[Step]:
    """The calls that hang are ended, then the VM, then VirtualBox's server, each only while it still hangs."""
    vm, seen = site.machine.vm, facts.machine.vm
    if vm is None or seen is None or facts.machine.state is not State.HUNG:
        return
    why = facts.machine.why
    calls = [call for call in seen.calls if call.age >= OLD and not call.runs(SPARED)]
    server = next((call for call in seen.calls if call.runs(SERVER)), None)
    others = [call for call in seen.calls if call.runs(HEADLESS) and call != seen.process]
    if calls:
        text = f"{why}, and {len(calls)} call{'s hang' if len(calls) > 1 else ' hangs'}: {_name(calls[0])}"
        yield Step(text, _end({-call.group for call in calls}), "those calls are ended", then_look=True)
    elif seen.process:
        why = f"{why}, while the VM's process lives (pid {seen.process.pid})"
        yield Step(why, vm.end(seen.process), f"the VM {vm.name} is powered off", then_look=True)
    elif server and not others:
        why = f"{why}, and no VM runs: its server hangs (pid {server.pid})"
        yield Step(why, _end({server.pid}), "the server is ended; the next call starts another", then_look=True)
    else:
        running = ", ".join(f"pid {call.pid}" for call in others)
        raise Blocked(
            f"{why}, and there is nothing of the VM {vm.name} to end"
            + (f"; other VMs run: {running}" if others else ""),
            hint=f"restart VirtualBox on {site.name}, or the Mac",
        )


def _end(targets: set[int]) -> Command:
    return Command(f"kill -9 -- {' '.join(str(pid) for pid in sorted(targets))}", 20)


def _name(call: Process) -> str:
    return f"{call.line[:60]} (pid {call.pid}, for {call.age} s)"
