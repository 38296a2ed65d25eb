"""The VM is paused, most often because the host slept.

Runbook: `docker-machine ls` shows `Paused`, and resume is refused: "VM is paused due to host power management".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Facts
from ..facts.machine import State
from ..goals.machine import docker_answers
from ..step import Step
from ..target import Target

IMPACT = "nothing, if the VM's state can be saved; else what computes in the service is cut"


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Resume the VM, or save and start it."""
    if facts.machine.state is State.PAUSED:
        yield from docker_answers(facts, target)
