"""The service's port leads nowhere: its rule is missing, doubled or wrong, or nothing listens for it.

Runbook: "The port forwarding must be done every time the service is started."
"""

from collections.abc import Iterator

from ..facts import Facts
from ..plan import Step
from ..runbook.net import forwarded
from ..site import Site
from ..switchover import led

COST = ""


def cure(facts: Facts, site: Site) -> Iterator[Step]:
    """The rule as the runbook has it, once there is a service to reach."""
    if facts.engine and facts.engine.containers:
        yield from forwarded(facts, site)
        yield from led(facts, site)
