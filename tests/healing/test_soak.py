"""Random sequences of faults on a simulated Mac: it is healthy after each, and nothing is left over."""

from __future__ import annotations

import pytest

from tests.sim.soak import soak
from tests.worlds import CURABLE, FAULTS, RULE, Sim, serving


@pytest.mark.parametrize("seed", range(4))
def test_a_random_sequence_of_faults_ends_healthy_every_time_and_leaves_nothing_over(sim: Sim, seed: int) -> None:
    mac = serving()

    def heal(name: str) -> None:
        FAULTS[name](mac)
        before = mac.service
        ran = sim("heal -H sim", mac)
        assert ran.code == 0, ran.said
        assert sim("service.status -H sim", mac).code == 0
        assert mac.rules[1:] == [RULE]
        assert mac.calls == ""
        if name in ("paused", "clock", "forward"):
            assert mac.service is before
        mac.tls = ""

    took = soak(CURABLE, 25, seed, heal)
    assert sum(len(times) for times in took.values()) == 25
