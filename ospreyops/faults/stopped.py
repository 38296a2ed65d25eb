"""The VM is off, or crashed, while the host is meant to run the service.

Field book: vboxmanage, 3: poweroff, aborted, saved, gurumeditation.
"""

from collections.abc import Iterator

from ..facts import Facts, State
from ..plan import Step
from ..runbook.machine import answering
from ..site import Site

COST = "nothing: what computed in it is lost already, unless its state was saved"


def cure(facts: Facts, site: Site) -> Iterator[Step]:
    """Started; from its saved state where it has one that loads."""
    if facts.host.wanted and facts.machine.state in (State.STOPPED, State.SAVED, State.BROKEN):
        yield from answering(facts, site)
