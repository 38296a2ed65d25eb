"""The VM has another address than its certificate says, or cannot be reached at it.

Field book: docker-machine, 3 and 11: DHCP may hand out another address at any start; host-only networks vanish.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Facts
from ..facts.machine import Contact, State, Trust
from ..goals.machine import UP, certificates_valid
from ..machines import Vm
from ..step import Step
from ..target import Target

IMPACT = "the service is started again: what computes in it is cut"


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Make the VM reachable at its address again.

    New certificates for a new address; without an address, a restart that makes the host-only network again.
    """
    vm, seen = target.machine.vm, facts.machine.vm
    if vm is None or seen is None or not facts.engine or facts.machine.state is not State.RUNNING:
        return
    if seen.contact is not Contact.ANSWERED:
        return
    trust = seen.tls.trust if seen.tls else None
    if trust is Trust.MOVED:
        yield from certificates_valid(facts, target)
    elif not seen.address:
        yield _restarted(vm, f"the VM {vm.name} has no address on the host-only network", facts)
    elif trust is Trust.UNREACHABLE:
        yield _restarted(vm, f"Docker in the VM {vm.name} does not answer at {seen.address}: {seen.tls}", facts)


def _restarted(vm: Vm, why: str, facts: Facts) -> Step:
    why += facts.engine.loss if facts.engine else ""
    return Step(why, vm.restart(), f"the VM {vm.name} is restarted", UP, then_look=True, ends=True, lasting=True)
