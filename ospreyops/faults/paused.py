"""The VM is paused, most often because the host slept.

Runbook: `docker-machine ls` shows `Paused`, and resume is refused: "VM is paused due to host power management".
"""

from collections.abc import Iterator

from ..facts import Facts, State
from ..plan import Step
from ..runbook.machine import answering
from ..site import Site

COST = "nothing, if the VM's state can be saved; else what computes in the service is cut"


def cure(facts: Facts, site: Site) -> Iterator[Step]:
    """Resumed, or saved and started."""
    if facts.machine.state is State.PAUSED:
        yield from answering(facts, site)
