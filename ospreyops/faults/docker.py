"""Docker in the VM does not run, though the VM does.

Field book: docker-machine, 9 and 10: nothing in boot2docker starts dockerd again; a renewal of certificates that is cut
off leaves it stopped. When it starts, it ends the containers that it finds running.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Facts
from ..facts.machine import State
from ..goals.machine import docker_answers, engine_down
from ..step import Step
from ..target import Target

IMPACT = "the service is started again: what computes in it is cut, if it is not lost already"


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Start Docker in the VM."""
    if target.machine.vm and facts.machine.state is State.RUNNING and engine_down(facts):
        yield from docker_answers(facts, target)
