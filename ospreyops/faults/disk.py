"""The disk of the host or of the VM is nearly full.

Field book: docker-machine, 10: images lie on the VM's disk.vmdk, releases and the log on the host. On a server,
Docker may have a disk of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Optional

from ..errors import Blocked
from ..facts import Facts
from ..goals.prune import forgotten, left, pruned
from ..step import Step
from ..target import Target
from ..text import size

ROOM = 2_000_000_000
"""Bytes that must be free: a release unpacked, and its image loaded."""


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Remove releases that nobody needs any more.

    On a full disk of the host, what is kept decoded goes, too. Those that run, the desired one and the rollback target
    stay. Errors: Blocked when only a person can make room.
    """
    why = _evidence(facts)
    if why is None:
        return
    free = facts.host.disk_free
    decoded = facts.host.decoded if free is not None and free < ROOM else frozenset()
    again = replace(facts, host=replace(facts.host, decoded=facts.host.decoded - decoded))
    steps = [*forgotten(facts, decoded, why), *pruned(again, target, why)]
    yield from steps
    if not steps:
        raise Blocked(
            why,
            evidence="\n".join(left(facts)),
            hint=f"see what else is big there: du -sk {facts.host.folder}/*, docker system df",
        )


def _evidence(facts: Facts) -> Optional[str]:
    host, vm, docker = facts.host, facts.machine.vm, facts.machine.disk_free
    if vm and vm.disk_free is not None and vm.disk_free < ROOM:
        return f"the disk of the VM is nearly full: {size(vm.disk_free)} free"
    if host.disk_free is not None and host.disk_free < ROOM:
        return f"the disk of {host.name} is nearly full: {size(host.disk_free)} free for {host.folder}"
    if docker is not None and docker < ROOM:
        return f"the disk of Docker on {host.name} is nearly full: {size(docker)} free for images"
    return None
