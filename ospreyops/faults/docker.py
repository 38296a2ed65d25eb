"""Docker in the VM does not run, though the VM does.

Field book: docker-machine, 9 and 10: nothing in boot2docker starts dockerd again; a renewal of certificates that is cut
off leaves it stopped. What it finds running when it starts, it ends.
"""

from collections.abc import Iterator

from ..facts import Facts, State
from ..plan import Step
from ..runbook.machine import DOWN, answering
from ..site import Site

COST = "the service is started again: what computes in it is cut, if it is not lost already"


def cure(facts: Facts, site: Site) -> Iterator[Step]:
    """Started, as the VM does when it boots."""
    if site.machine.vm and facts.machine.state is State.RUNNING and DOWN.search(facts.engine_why):
        yield from answering(facts, site)
