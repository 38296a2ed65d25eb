"""The certificates between Docker on the host and the engine in the VM are refused, with a right clock.

Field book: docker-machine, 9: renewing them restarts dockerd, which ends the service.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Facts
from ..facts.machine import Trust
from ..goals.machine import certificates_valid, clock_synced
from ..step import Step
from ..target import Target

IMPACT = "the service is started again: what computes in it is cut"


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Renew the certificates of the VM's Docker.

    Not where the clock, or another address, makes them wrong.
    """
    vm = facts.machine.vm
    moved = bool(vm and vm.tls and vm.tls.trust is Trust.MOVED)
    if vm and not moved and not any(clock_synced(facts, target)):
        yield from certificates_valid(facts, target)
