"""docker-machine's own file of the VM, config.json, is lost or cannot be read.

Field book: docker-machine, 8: nothing that docker-machine does works without it; the VM itself goes on.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Blocked
from ..facts import Facts
from ..facts.machine import State
from ..step import Step
from ..target import Target


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Say that docker-machine's config.json is lost.

    Never made up: only a backup has what was in it. Errors: Blocked.
    """
    vm, seen = target.machine.vm, facts.machine.vm
    known = seen is None or seen.record or seen.unfinished or seen.making or not seen.files
    if vm and not known and facts.machine.state is not State.ABSENT:
        case = f"docker-machine cannot read its config.json of the VM {vm.name}"
        raise Blocked(case, hint="bring it back from a backup (Time Machine); the VM itself goes on")
    yield from ()
