"""The host may go to sleep, and with it the service.

Runbook: "just disable hibernation": `sudo pmset sleep 0`; with -a, for without it the manual says not what it is for.
"""

from collections.abc import Iterator

from ..command import Command
from ..facts import Facts
from ..plan import Step
from ..site import Site

COST = ""
ASKS = True
NEVER = Command("pmset -a sleep 0 disksleep 0 powernap 0 autorestart 1 womp 1", 20, sudo=True)


def cure(facts: Facts, site: Site) -> Iterator[Step]:
    """Never asleep, and started again after a power failure."""
    if facts.host.sleeps_after:
        why = f"{site.name} goes to sleep after {facts.host.sleeps_after} minute{'s' * (facts.host.sleeps_after > 1)}"
        yield Step(why, NEVER, f"{site.name} does not sleep by itself")
