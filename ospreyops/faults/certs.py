"""The certificates between Docker on the host and the engine in the VM are refused, with a right clock.

Field book: docker-machine, 9: renewing them restarts dockerd, which ends the service.
"""

from collections.abc import Iterator

from ..facts import Facts
from ..plan import Step
from ..runbook.machine import MOVED, in_step, trusted
from ..site import Site

COST = "the service is started again: what computes in it is cut"


def cure(facts: Facts, site: Site) -> Iterator[Step]:
    """New certificates, unless it is the clock, or another address, that makes them wrong."""
    vm = facts.machine.vm
    if vm and not any(in_step(facts, site)) and not MOVED.search(vm.tls or ""):
        yield from trusted(facts, site)
