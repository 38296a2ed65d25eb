"""The disk of the host, of the VM or of the engine is nearly full.

Field book: docker-machine, 10: images lie on the VM's disk.vmdk, releases and the log on the host.
"""

from collections.abc import Iterator

from ..console import size
from ..errors import Blocked
from ..facts import Facts
from ..plan import Step
from ..runbook.image import pruned
from ..site import Site

COST = ""
ROOM = 2_000_000_000
"""Bytes that must be free: a release unpacked, and its image loaded."""


def cure(facts: Facts, site: Site) -> Iterator[Step]:
    """Images and releases of ours go that are neither running nor to go back to; then it is a person's turn."""
    host, vm = facts.host, facts.machine.vm
    if vm and vm.disk_free is not None and vm.disk_free < ROOM:
        why = f"the disk of the VM is nearly full: {size(vm.disk_free)} free"
    elif host.disk_free is not None and host.disk_free < ROOM:
        why = f"the disk of {host.name} is nearly full: {size(host.disk_free)} free for {host.folder}"
    else:
        return
    steps = list(pruned(facts, site, why))
    yield from steps
    if not steps:
        raise Blocked(why, hint=f"see what else is big there: du -sk {host.folder}/*, docker system df")
