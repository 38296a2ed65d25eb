"""The VM has another address than its certificate says, or cannot be reached at it.

Field book: docker-machine, 3 and 11: DHCP may hand out another address at any start; host-only networks vanish.
"""

from collections.abc import Iterator

from ..facts import Facts, State
from ..machines import Vm
from ..plan import Step
from ..runbook.machine import MOVED, REFUSED, UNUSABLE, UP, trusted
from ..site import Site

COST = "the service is started again: what computes in it is cut"


def cure(facts: Facts, site: Site) -> Iterator[Step]:
    """Certificates for the new address; without an address, a start that makes the host-only network again."""
    vm, seen = site.machine.vm, facts.machine.vm
    if vm is None or seen is None or not facts.engine or facts.machine.state is not State.RUNNING:
        return
    if seen.tls and MOVED.search(seen.tls):
        yield from trusted(facts, site)
    elif not seen.address:
        yield _restarted(vm, f"the VM {vm.name} has no address on the host-only network", facts)
    elif seen.tls and not (REFUSED.search(seen.tls) or UNUSABLE.search(seen.tls)):
        yield _restarted(vm, f"Docker in the VM {vm.name} does not answer at {seen.address}: {seen.tls}", facts)


def _restarted(vm: Vm, why: str, facts: Facts) -> Step:
    why += facts.engine.lost if facts.engine else ""
    return Step(why, vm.restart(), "the VM is started again", UP, then_look=True)
