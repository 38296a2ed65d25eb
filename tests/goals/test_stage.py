"""The stages of a rollout: every state of a host is one of them, and from each the table leads to the end."""

from __future__ import annotations

from typing import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ospreyops.goals.deploy import TABLE, Stage, deployed, route, stage
from ospreyops.goals.rollout import Rollout
from ospreyops.release import parse
from tests.sim.host import Killed, SimHost
from tests.sim.mac import SimMac
from tests.sim.site import simulated
from tests.sim.states import ANY_HOST, ROLLOUTS, VERSIONS
from tests.worlds import Sim, kill_at, kill_before, running, spare

UNTOLD = (Stage.BLIND, Stage.PAUSED)
"""The stages after which only the next look can tell."""


@settings(max_examples=300, deadline=None)
@given(host=ANY_HOST, rollout=ROLLOUTS)
def test_every_state_is_a_stage_whose_route_ends_at_done(host: SimHost, rollout: Rollout) -> None:
    facts = simulated(host).look()
    at = stage(facts, simulated(host).target, rollout)
    phases = list(route(at))
    end = phases[-1].then if phases else at
    assert end is (None if at in UNTOLD else Stage.DONE)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(host=ANY_HOST, version=st.sampled_from(VERSIONS))
def test_a_deploy_that_ends_well_is_done_and_finds_nothing_to_do(sim: Sim, host: SimHost, version: str) -> None:
    rollout = Rollout(parse(version), drain=60)
    if sim(f"deploy --version {version} --drain 60 -H sim", host).code == 0:
        facts, target = simulated(host).look(), simulated(host).target
        assert stage(facts, target, rollout) is Stage.DONE
        assert list(deployed(facts, target, rollout)) == []


@pytest.mark.parametrize("at", [one for one in Stage if one not in (*UNTOLD, Stage.DONE)])
def test_from_each_stage_the_route_ends_at_done(at: Stage) -> None:
    assert list(route(at))[-1].then is Stage.DONE


def test_the_table_has_a_phase_for_each_stage_but_the_last() -> None:
    assert TABLE.keys() == set(Stage) - {Stage.DONE}


SERVED = "deploy --version 0.4", Rollout(parse("0.4"))
BACK = "deploy --version 0.3", Rollout(parse("0.3"))
OTHER = "deploy --version 0.2", Rollout(parse("0.2"))
STOPPED = "deploy --version 0.4 --stop-first", Rollout(parse("0.4"), stop_first=True)
DRAINED = "service.drain", Rollout(None)


def cut(sim: Sim, words: str) -> SimHost:
    """A server where 0.3 serves, and a deploy of 0.4 was killed before a line with these words."""
    host = running(archives={"0.2", "0.3", "0.4"})
    kill_at(host, words)
    with pytest.raises(Killed):
        sim("deploy --version 0.4 -H sim", host)
    spare(host)
    host.ran.clear()
    return host


SCENARIOS: dict[str, tuple[Callable[[Sim], SimHost], tuple[str, Rollout]]] = {
    "nothing runs": (lambda sim: SimHost(), SERVED),
    "nothing runs on a Mac": (lambda sim: SimMac(), BACK),
    "0.3 serves": (lambda sim: running(), SERVED),
    "0.3 is stopped first": (lambda sim: running(), STOPPED),
    "0.3 drains": (lambda sim: running(), DRAINED),
    "0.4 was not started, and 0.3 is to serve again": (lambda sim: cut(sim, "--version 0.4 --port"), BACK),
    "0.4 took over, and 0.3 is to serve again": (lambda sim: cut(sim, "caddy"), BACK),
    "0.4 was started, and 0.2 is to serve": (lambda sim: cut(sim, "--to-ports"), OTHER),
}
"""Where a rollout begins, and the line of it."""
STAGES = set(Stage) - {*UNTOLD, Stage.DONE}


def walked(sim: Sim, name: str) -> set[Stage]:
    """The stages at which the rollout is killed, before each of its lines; run again, it ends at DONE each time."""
    make, (line, rollout) = SCENARIOS[name]

    def at(host: SimHost) -> Stage:
        return stage(simulated(host).look(), simulated(host).target, rollout)

    whole, found = make(sim), set[Stage]()
    assert sim(f"{line} -H sim", whole).code == 0
    assert at(whole) is Stage.DONE
    for done in range(len(whole.ran)):
        host = make(sim)
        kill_before(host, done)
        with pytest.raises(Killed):
            sim(f"{line} -H sim", host)
        spare(host)
        found.add(at(host))
        again = sim(f"{line} -H sim", host)
        assert (again.code, at(host)) == (0, Stage.DONE), again.said
    return found


def test_a_rollout_that_is_killed_at_any_stage_ends_at_done_when_it_is_run_again(sim: Sim) -> None:
    assert {at for name in SCENARIOS for at in walked(sim, name)} - {Stage.DONE} == STAGES


def test_a_dry_run_names_the_phases_that_are_still_to_come_in_their_order(sim: Sim) -> None:
    told = "# phases still to come: "
    (line,) = [line for line in sim("--dry deploy --version 0.4 -H sim", running()).out.splitlines() if told in line]
    phases = [
        "keep the previous container serving",
        "start the release alongside",
        "switch traffic once the release is healthy",
        "wait until users reach it and it is healthy",
        "record the release as the desired one",
        "drain the previous container",
    ]
    assert line.removeprefix(told).split("; ") == phases


def test_a_dry_run_of_a_deploy_that_was_killed_names_only_what_is_left(sim: Sim) -> None:
    out = sim("--dry deploy --version 0.4 -H sim", cut(sim, "caddy")).out
    assert "# phases still to come: drain the previous container\n" in out
    assert "phases" not in sim("--dry deploy --version 0.3 -H sim", running()).out


def test_a_dry_run_does_not_name_a_phase_that_has_nothing_to_do(sim: Sim) -> None:
    recorded = running()
    recorded.record("0.4")
    out = sim("--dry deploy --version 0.4 -H sim", recorded).out
    assert "switch traffic once the release is healthy" in out
    assert "record the release as the desired one" not in out
