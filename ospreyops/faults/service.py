"""The service is gone or dead while it should run, runs in another version, or hangs.

Field book: osprey-release, 2 and 5: `/about` is a text of the proxy, so a hung Java is seen as Desktop asks.
"""

from collections.abc import Iterator
from dataclasses import replace

from ..facts import Facts
from ..plan import Step
from ..release import Release
from ..runbook import running
from ..runbook.machine import answering
from ..site import Site

COST = "what computes in the service is cut, if it hangs"


def cure(facts: Facts, site: Site) -> Iterator[Step]:
    """The version that the host is meant to run, started; first stopped where it hangs. Its machine comes before."""
    wanted, engine = facts.host.wanted, facts.engine
    if not wanted or not engine or any(answering(facts, site)):
        return
    release = Release(wanted.version)
    if running.right(facts, site, release) and (why := running.hangs(facts, site)):
        yield from (replace(step, why=why) for step in running.stopped(facts, site))
    else:
        yield from running.running(facts, site, release)
