"""A container that somebody paused: its processes stand still, and are all there. It goes on before anything else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ospreyops.goals.deploy import Stage, stage
from ospreyops.goals.rollout import Rollout
from tests.sim.host import SimHost
from tests.sim.site import simulated
from tests.sim.states import ROLLOUTS, hosts
from tests.worlds import Sim, running

UNPAUSE = "docker unpause osprey-service"


def paused(*jobs: str) -> SimHost:
    """A server where 0.3 was paused, with those computations."""
    host = running(archives={"0.3", "0.4"})
    assert host.service
    host.service = replace(host.service, state="paused", jobs=jobs)
    return host


@settings(max_examples=200, deadline=None)
@given(host=hosts(), rollout=ROLLOUTS)
def test_a_rollout_stands_at_paused_as_long_as_any_container_is(host: SimHost, rollout: Rollout) -> None:
    facts = simulated(host).look()
    assume(facts.engine)
    assert facts.engine
    at = stage(facts, simulated(host).target, rollout)
    assert (at is Stage.PAUSED) == any(one.paused for one in facts.engine.containers)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(host=hosts(), words=st.sampled_from(["heal", "deploy --version 0.4", "service.drain --drain 60"]))
def test_nothing_paused_is_ended_before_it_goes_on(sim: Sim, host: SimHost, words: str) -> None:
    names = {one.name for one in host.containers if one.paused}
    sim(f"{words} -H sim", host)
    for name in names:
        lines = [line for line in host.ran if re.search(rf"docker (unpause|stop|rm) {name}\b(?!-)", line)]
        assert not lines or f"docker unpause {name}" in lines[0], host.ran


@pytest.mark.parametrize("words", ["heal", "fix.service", "deploy --version 0.3", "service.start --version 0.3"])
def test_a_paused_service_goes_on_and_its_computations_with_it(sim: Sim, words: str) -> None:
    host = paused("sander")
    ran = sim(f"{words} -H sim", host)
    assert ran.code == 0, ran.said
    (line, *more) = [line for line in host.ran if "docker" in line]
    assert line.startswith(UNPAUSE) and not more, host.ran
    assert host.service and host.service.running and host.service.jobs == ("sander",)


def test_status_names_the_pause_and_no_stranger_at_the_port(sim: Sim) -> None:
    ran = sim("status -H sim", paused())
    assert ran.code == 2
    assert "osprey/service:0.3 is paused" in ran.said
    assert "is taken by" not in ran.said


def test_a_paused_computation_is_not_cut_without_a_yes(sim: Sim) -> None:
    host = paused("sander")
    ran = sim("service.stop -H sim", host)
    assert (ran.code, host.ran) == (1, []), ran.said
    assert "osprey/service:0.3 computes sander: service.stop would cut that" in ran.said


def test_a_deploy_that_fails_leaves_the_service_serving_that_was_paused(sim: Sim) -> None:
    host = paused("sander")
    host.healthy = lambda one: one.version == "0.3"
    before = host.service
    ran = sim("deploy --version 0.4 --health-timeout 5 -H sim", host)
    assert ran.code == 2, ran.said
    assert before and host.containers == [replace(before, state="running")]
    assert "osprey/service:0.3 still serves" in ran.said


def test_another_release_is_not_started_beside_a_paused_one(sim: Sim) -> None:
    host = paused()
    host.load("0.4")
    ran = sim("service.start --version 0.4 -H sim", host)
    assert (ran.code, host.ran) == (3, []), ran.said
    assert "osprey/service:0.3 is paused on sim" in ran.said


def test_a_restart_replaces_a_paused_container_once_it_serves_again(sim: Sim) -> None:
    host = paused()
    before = host.service
    ran = sim("service.restart -H sim", host)
    assert ran.code == 0, ran.said
    assert before and [one.id == before.id for one in host.containers] == [False]
