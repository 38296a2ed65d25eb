"""What a look asks once more: nothing, unless a container has a port of its own, or users may have lost their way."""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

import pytest

from ospreyops.facts.service import Way
from ospreyops.look.alongside import Ports, ports
from ospreyops.look.service import ways, ways_alongside
from ospreyops.remote.command import Answer
from tests.sim.site import simulated
from tests.worlds import running

HERE, FOUR, SIX = "it runs", "https://10.0.0.7:44342", "https://[fd00::7]:44342"


@pytest.mark.parametrize(
    ("known", "again"),
    [
        ((), None),
        ((Way(FOUR, HERE), Way(SIX, HERE)), None),
        ((Way(FOUR, HERE), Way(SIX)), 24343),
        ((Way(FOUR, "another"),), 24343),
    ],
)
def test_a_service_that_was_upgraded_is_asked_twice_only_where_an_address_does_not_lead_to_it(
    known: tuple[Way, ...], again: Optional[int]
) -> None:
    site = simulated(running())
    facts = site.look()
    assert facts.engine and facts.engine.service
    engine = replace(facts.engine, service=replace(facts.engine.service, port=24343))
    machine, local = replace(facts.machine, active_port=24343), replace(facts.local, about=HERE)
    found = ports(replace(facts, engine=engine, machine=machine, local=local, ways=known), site.target)
    assert found == (Ports((), None, again) if again else None)


def test_each_address_is_known_again_at_the_port_of_a_container() -> None:
    known = ways(44342, Answer(0, f"10.0.0.7 0 {HERE}\n[fd00::7] 7 curl: (7) refused\n10.0.0.8 127 not found\n"))
    assert known == (Way(FOUR, HERE), Way(SIX))
    found = ways_alongside(known, 24343, Answer(0, f"[fd00::7] 0 {HERE}\n10.0.0.7 28 late\n"))
    assert found == (Way(FOUR, HERE, 24343, None), Way(SIX, None, 24343, HERE))
