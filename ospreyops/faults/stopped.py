"""The VM is off, or crashed, while a release is desired.

Field book: vboxmanage, 3: poweroff, aborted, saved, gurumeditation.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Facts
from ..facts.machine import State
from ..goals.machine import docker_answers
from ..step import Step
from ..target import Target

OFF = (State.STOPPED, State.SAVED, State.ABORTED_SAVED, State.BROKEN)
IMPACT = "nothing: what computed in it is lost already, unless its state was saved"


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Start the VM, from its saved state if it has one."""
    if facts.host.desired and facts.machine.state in OFF:
        yield from docker_answers(facts, target)
