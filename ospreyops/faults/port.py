"""Something else listens on the service's port.

Field book: vboxmanage, 6: a rule whose port is taken is added without a word, and does not work.
"""

from collections.abc import Iterator

from ..facts import Facts
from ..plan import Step
from ..runbook.net import not_taken
from ..site import Site

COST = ""


def cure(facts: Facts, site: Site) -> Iterator[Step]:
    """Never ended: only a person can know what it is for. Errors: Blocked, which says who it is."""
    not_taken(facts, site)
    yield from ()
