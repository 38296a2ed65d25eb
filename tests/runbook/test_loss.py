"""What computes is ended only by somebody who says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable

import pytest

from tests.conftest import Ran
from tests.sim.host import SimHost
from tests.worlds import running, serving

Sim = Callable[..., Ran]


def computing(host: SimHost) -> SimHost:
    assert host.service
    host.service = replace(host.service, jobs=("sander",))
    return host


@pytest.mark.parametrize("task", ["service.stop", "machine.stop", "machine.restart", "machine.kill"])
def test_what_would_cut_a_job_says_so_and_does_it_only_with_yes(sim: Sim, task: str) -> None:
    mac = serving()
    computing(mac)
    ran = sim(f"{task} -H sim", mac)
    assert (ran.code, mac.ran) == (1, [])
    assert f"osprey/service:0.3 computes sander: {task} would cut that" in ran.err
    assert "try: --yes, or inv service.drain -H sim" in ran.err
    assert sim(f"{task} --yes -H sim", mac).code == 0
    assert mac.ran


def test_a_job_of_a_container_that_drains_counts_too(sim: Sim) -> None:
    host = running()
    assert host.service
    host.others = [replace(host.service, name="osprey-service-left-1800000000-24343", port=24343, jobs=("sqm",))]
    assert sim("service.stop -H sim", host).code == 1


def test_a_service_in_which_nothing_computes_stops_without_a_question(sim: Sim) -> None:
    host = running()
    assert sim("service.stop -H sim", host).code == 0
    assert host.service is None


def test_a_dry_run_shows_what_a_stop_would_do_and_asks_for_nothing(sim: Sim) -> None:
    host = computing(running())
    ran = sim("--dry service.stop -H sim", host)
    assert (ran.code, host.ran) == (0, [])
    assert "docker stop osprey-service" in ran.out
