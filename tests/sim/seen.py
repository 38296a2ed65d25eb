"""What a look shows of a simulated host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ospreyops.facts import Facts
from ospreyops.target import Target
from tests.sim.host import SimHost
from tests.sim.site import simulated


def seen(host: SimHost, **changed: Any) -> tuple[Facts, Target]:
    """What a look shows of a server, but for what is changed of the host."""
    site = simulated(host)
    facts = site.look()
    return replace(facts, host=replace(facts.host, **changed)), site.target
