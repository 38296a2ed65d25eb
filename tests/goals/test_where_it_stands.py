"""Where a host stands on the way to a release, by each thing that a look may show; and what a start and a stop do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import pytest

from ospreyops.errors import Blocked
from ospreyops.facts import Facts
from ospreyops.facts.engine import Container
from ospreyops.facts.host import Desired, Listener, ScriptEnd, Unit
from ospreyops.facts.machine import Tls, Trust
from ospreyops.facts.service import Problem
from ospreyops.goals import service
from ospreyops.goals.deploy import Stage, deployed, route, stage
from ospreyops.goals.rollout import Plan, Rollout
from ospreyops.release import Release
from ospreyops.step import Step
from ospreyops.target import Target
from tests.sim.host import SimHost
from tests.sim.site import simulated
from tests.sim.states import digest
from tests.worlds import running, serving

OLD, NEW = Release("0.3"), Release("0.4")
LOG = "osprey-service.log"


def beside(version: str = "0.4", **changed: Any) -> Container:
    own = Container("c2", f"osprey/service:{version}", digest(version), "running", "2026-01-01T00:00:00", 24343)
    return replace(own, **{"name": "osprey-service-24343", **changed})


def unit(state: str = "active", version: str = "0.3", **changed: Any) -> Unit:
    return Unit(state, "/x", f"/home/ops/osprey/service-docker/{version}", version, **changed)


def seen(*others: Container, base: Optional[SimHost] = None, **changed: Any) -> tuple[Facts, Target]:
    """A host, by default a server where 0.3 serves, with containers beside it, and what is changed of its parts."""
    site = simulated(base or running())
    facts = site.look()
    assert facts.engine
    known: tuple[Any, ...] = (facts.host, facts.machine, facts.engine, facts.local)
    parts = [replace(one, **{key: changed[key] for key in changed if key in vars(one)}) for one in known]
    engine = replace(parts[2], others=others) if others else parts[2]
    return replace(facts, host=parts[0], machine=parts[1], engine=engine, local=parts[3]), site.target


def at(*others: Container, release: Optional[Release] = NEW, stop_first: bool = False, **changed: Any) -> Stage:
    return stage(*seen(*others, **changed), Rollout(release, stop_first=stop_first))


SICK: dict[str, Any] = {"desktop": {"0.3": Problem("slow")}}


def test_before_the_release_runs_what_is_there_decides_where_a_host_stands() -> None:
    assert at() is Stage.INCUMBENT
    assert at(stop_first=True) is Stage.REPLACEABLE
    assert at(**SICK) is Stage.REPLACEABLE
    assert at(service=None) is Stage.VACANT
    assert at(beside("0.2"), active_port=24343) is Stage.OCCUPIED
    assert at(beside("0.2", state="exited"), active_port=24343) is Stage.INCUMBENT
    assert at(beside("0.2"), active_port=24343, service=None) is Stage.INCUMBENT_ASIDE
    assert at(beside("0.2", state="exited"), service=None) is Stage.REPLACEABLE
    assert at(beside("0.2"), active_port=24343, stop_first=True) is Stage.REPLACEABLE


def test_a_unit_of_another_release_is_replaced_and_one_that_rests_is_not_in_the_way() -> None:
    assert at(service=None, unit=unit()) is Stage.REPLACEABLE
    assert at(service=None, unit=unit("inactive")) is Stage.VACANT
    assert at(service=None, unit=unit("active", "0.4")) is Stage.VACANT


def test_once_the_release_runs_its_name_and_the_traffic_decide() -> None:
    own: dict[str, Any] = {"name": "osprey-service", "port": 24343}
    assert at(beside()) is Stage.STANDBY_UNNAMED
    assert at(beside(), active_port=24343) is Stage.LIVE_UNNAMED
    assert at(beside("0.3", port=44342), service=beside(**own)) is Stage.STANDBY
    assert at(release=OLD) is Stage.DONE
    assert at(release=OLD, **SICK) is Stage.LIVE
    assert at(release=OLD, desired=Desired("0.2")) is Stage.HEALTHY
    assert at(beside("0.2"), release=OLD) is Stage.RECORDED
    facts, target = seen()
    assert stage(replace(facts, engine=None), target, Rollout(OLD)) is Stage.BLIND


@pytest.mark.parametrize(
    ("changed", "stands"),
    [
        ({}, Stage.OPEN),
        ({"active_port": 9}, Stage.CLOSED),
        ({"service": None}, Stage.DONE),
        ({"service": None, "active_port": None}, Stage.DONE),
        ({"service": None, "active_port": 9}, Stage.CLOSED),
        ({"service": None, "active_port": 24343}, Stage.CLOSED),
        ({"service": None, "unit": unit()}, Stage.CLOSED),
        ({"service": None, "unit": unit("inactive")}, Stage.DONE),
        ({"service": beside(state="exited")}, Stage.CLOSED),
    ],
)
def test_on_the_way_to_nothing_a_host_is_open_until_no_request_comes_in(changed: dict[str, Any], stands: Stage) -> None:
    assert at(release=None, **changed) is stands


def test_a_route_ends_before_the_stage_that_is_asked_for() -> None:
    assert [phase.then for phase in route(Stage.VACANT, Stage.LIVE)] == [Stage.LIVE]
    assert list(route(Stage.LIVE, Stage.LIVE)) == []


def test_what_is_to_run_nothing_needs_no_image_and_neither_does_a_host_that_is_blind() -> None:
    facts, target = seen(images={})
    assert all("is in Docker" not in step.outcome for step in deployed(facts, target, Rollout(None)))
    with pytest.raises(Blocked, match="does not answer"):
        list(deployed(replace(facts, engine=None), target, Rollout(OLD)))


def test_a_start_script_is_unpacked_where_it_is_to_be_started_and_not_for_what_runs() -> None:
    host = running(unpacked=set())
    host.load("0.4")
    facts, target = seen(base=host, unpacked={})
    first = next(deployed(facts, target, Rollout(NEW)))
    assert first.outcome == "release 0.4 is unpacked"
    assert list(deployed(facts, target, Rollout(OLD))) == []


def start(base: Optional[SimHost] = None, **changed: Any) -> list[Step]:
    """The steps that start 0.3 alone."""
    facts, target = seen(base=base or SimHost(unpacked={"0.3"}), **changed)
    return list(service.start_alone(Plan(facts, target, Rollout(OLD))))


NGINX = Listener("nginx", 9)


def test_a_start_is_refused_where_somebody_else_has_the_port() -> None:
    with pytest.raises(Blocked, match=r"port 44342 of sim is taken by nginx \(pid 9\)"):
        start(listener=NGINX)
    with pytest.raises(Blocked, match="is taken by nginx"):
        start(listener=NGINX, unit=unit("inactive"))
    assert start(listener=NGINX, unit=unit())
    assert start(running(), listener=NGINX)
    assert start(serving(), service=None, listener=NGINX)
    assert start()


def test_the_unit_is_moved_to_the_release_only_where_it_starts_another_one() -> None:
    def moved(**changed: Any) -> list[str]:
        return [step.why for step in start(**changed) if step.why.startswith("the unit")]

    assert moved() == []
    assert moved(unit=unit("inactive")) == []
    assert moved(unit=unit("inactive", "0.2")) == ["the unit osprey starts 0.2"]
    assert moved(unit=unit("inactive", "")) == ["the unit osprey starts nothing known"]
    assert moved(unit=unit("inactive", drop_ins=("/etc/x",))) == []
    with pytest.raises(Blocked, match="has drop-ins that may say so: /etc/x"):
        start(unit=unit("inactive", "0.2", drop_ins=("/etc/x",)))


@pytest.mark.parametrize(
    ("changed", "rotated"),
    [
        ({"logs": {LOG: 1}}, True),
        ({"logs": {LOG: 0}}, False),
        ({"logs": {"osprey-service-24343.log": 1}}, False),
        ({"logs": {LOG: 1}, "unit": unit("inactive")}, False),
    ],
)
def test_a_start_rotates_the_log_that_it_would_write_to(changed: dict[str, Any], rotated: bool) -> None:
    assert (f"rotate {LOG}" in [step.why for step in start(**changed)]) is rotated


@pytest.mark.parametrize(
    ("changed", "said", "patience"),
    [
        ({}, "osprey/service:0.3 does not run", 30),
        ({"script_end": ScriptEnd(0, "0.3")}, "osprey/service:0.3 does not run", 0),
        ({"script_end": ScriptEnd(2, "0.3")}, "its start script ended with exit status 2", 0),
        ({"script_end": ScriptEnd(127, "0.3")}, "127 (it is not there, or its interpreter is not)", 0),
        ({"script_end": ScriptEnd(2, "0.2")}, "osprey/service:0.3 does not run", 30),
        ({"script_end": ScriptEnd(2, "0.3"), "unit": unit("inactive")}, "osprey/service:0.3 does not run", 30),
    ],
)
def test_a_start_script_that_has_ended_is_told_of_and_not_waited_for(
    changed: dict[str, Any], said: str, patience: float
) -> None:
    last = start(**changed)[-1]
    assert last.why.endswith(said)
    assert last.patience == patience


def test_nothing_starts_alongside_while_certificates_would_have_to_be_renewed() -> None:
    facts, target = seen(base=serving())
    vm = facts.machine.vm
    assert vm
    refused = replace(facts, machine=replace(facts.machine, vm=replace(vm, tls=Tls(Trust.REFUSED))))
    with pytest.raises(Blocked, match="nothing can start alongside another container"):
        list(service.start_alongside(Plan(refused, target, Rollout(NEW))))
    started = list(service.start_alongside(Plan(facts, target, Rollout(NEW))))[-1]
    assert started.then_look


def test_a_stop_ends_what_is_alive_first_then_the_unit_then_what_sends_traffic_elsewhere() -> None:
    def first(*others: Container, **changed: Any) -> str:
        return next((step.outcome for step in service.stopped(*seen(*others, **changed))), "")

    ended: dict[str, Any] = {
        "service": beside("0.3", name="osprey-service", port=44342, state="exited", auto_remove=False)
    }
    assert "docker stop osprey-service-24343" in str(next(iter(service.stopped(*seen(beside(), **ended)))).do)
    assert "docker rm osprey-service" in str(next(iter(service.stopped(*seen(**ended)))).do)
    assert first(service=None, unit=unit()) == "the unit osprey is stopped"
    assert first(service=None, unit=unit("inactive")) == ""
    assert first(service=None) == ""


@pytest.mark.parametrize(
    ("count", "free", "trimmed"),
    [
        (50_000_000, None, False),
        (50_000_001, None, True),
        (60_000_000, 30_000_000, False),
        (60_000_000, 30_000_001, True),
    ],
)
def test_a_log_is_compressed_beyond_fifty_megabytes_where_half_of_it_has_room(
    count: int, free: Optional[int], trimmed: bool
) -> None:
    facts, _ = seen(logs={LOG: count}, disk_free=free)
    assert bool(list(service.log_trimmed(facts))) is trimmed
    assert list(service.log_trimmed(replace(facts, host=replace(facts.host, unit=unit())))) == []
