"""Where traffic goes, what may run alongside, how long a container drains, and when a service counts as hung."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import pytest

from ospreyops.facts import Facts
from ospreyops.facts.engine import Container
from ospreyops.facts.service import ProbeResult, Problem, Symptom
from ospreyops.goals import health, switchover, traffic
from ospreyops.goals.rollout import Plan, Rollout
from ospreyops.release import Release
from ospreyops.target import Target
from tests.sim.answers import EPOCH
from tests.sim.site import simulated
from tests.worlds import running


def seen(service: Optional[dict[str, Any]] = None, **machine: Any) -> tuple[Facts, Target]:
    """A server where 0.3 serves, but for what is changed of its container, and of the machine."""
    site = simulated(running())
    facts = site.look()
    assert facts.engine and facts.engine.service
    engine = replace(facts.engine, service=replace(facts.engine.service, **(service or {})))
    return replace(facts, engine=engine, machine=replace(facts.machine, **machine)), site.target


def beside(state: str = "running") -> Container:
    return Container(
        "c2", "osprey/service:0.3", "sha256:x", state, "2026-01-01T00:00:00", 24343, name="osprey-service-24343"
    )


@pytest.mark.parametrize(
    ("service", "active", "led"),
    [
        ({}, 24343, True),
        ({}, 44342, False),
        ({}, None, False),
        ({"state": "exited"}, 24343, False),
        ({"port": None}, 24343, False),
    ],
)
def test_traffic_that_ends_nowhere_is_led_to_the_container_with_the_services_name(
    service: dict[str, Any], active: Optional[int], led: bool
) -> None:
    facts, target = seen(service, active_port=active)
    assert [step.outcome for step in traffic.routed(facts, target)] == (
        ["traffic is switched to osprey/service:0.3"] if led else []
    )
    assert facts.engine
    assert list(traffic.routed(replace(facts, engine=None), target)) == []
    assert list(traffic.routed(replace(facts, engine=replace(facts.engine, service=None)), target)) == []


@pytest.mark.parametrize(("state", "led"), [("running", False), ("exited", True)])
def test_traffic_that_ends_at_a_container_beside_it_stays_there_while_that_one_runs(state: str, led: bool) -> None:
    facts, target = seen(active_port=24343)
    assert facts.engine
    engine = replace(facts.engine, others=(beside(state),))
    assert bool(list(traffic.routed(replace(facts, engine=engine), target))) is led


@pytest.mark.parametrize(("free", "room"), [(None, True), (switchover.NEEDED, True), (switchover.NEEDED - 1, False)])
def test_a_second_container_needs_its_whole_memory_free(free: Optional[int], room: bool) -> None:
    assert (switchover.obstacle(*seen(memory_free=free)) is None) is room


def test_the_port_of_a_container_that_runs_is_not_given_to_another_one() -> None:
    facts, target = seen(taken=frozenset())
    assert facts.engine
    for state, port in (("running", 24344), ("exited", 24343)):
        engine = replace(facts.engine, others=(beside(state),))
        assert switchover.spare_port(Plan(replace(facts, engine=engine), target, Rollout(Release("0.4")))) == port


@pytest.mark.parametrize("wait", [True, False])
def test_a_container_that_removes_itself_is_waited_for_only_by_who_waits(wait: bool) -> None:
    facts, target = seen()
    ended = replace(beside("exited"), auto_remove=True)
    assert bool(list(switchover.retired(Plan(facts, target, Rollout(None, wait=wait)), ended))) is wait


@pytest.mark.parametrize(("ago", "gone"), [(59, False), (60, True)])
def test_a_container_that_works_on_is_ended_after_its_drain_seconds(ago: int, gone: bool) -> None:
    facts, target = seen()
    drains = replace(beside(), name=f"osprey-service-left-{EPOCH - ago}-24343", jobs=("sander",))
    (step,) = switchover.retired(Plan(facts, target, Rollout(None, drain=60)), drains)
    assert (step.changes, step.ends) == (gone, gone)


@pytest.mark.parametrize(("since", "hangs"), [(19, False), (20, True)])
def test_a_service_hangs_once_it_has_had_its_time_to_start(since: int, hangs: bool) -> None:
    facts, target = seen()
    slow = replace(facts.local, desktop={"0.3": Problem("slow", Symptom.SILENT)})
    assert facts.serving
    started = replace(facts, local=slow, host=replace(facts.host, now=facts.serving.started_at + since))
    assert (health.hanging(started, target) is not None) is hangs


@pytest.mark.parametrize(
    ("about", "desktop", "well"), [("it runs", {"0.3": None}, True), ("it runs", {}, False), (None, {}, False)]
)
def test_a_place_that_names_no_version_is_not_well(about: Optional[str], desktop: dict[str, Any], well: bool) -> None:
    found = health.place_problem(ProbeResult("https://x", about, None, desktop))
    assert (found is None) is well
    if about and not well:
        assert str(found) == "https://x names no version: 'it runs'"


def test_a_release_that_does_not_serve_yet_is_not_called_healthy_for_the_one_that_does() -> None:
    facts, target = seen()
    assert facts.engine
    new = replace(beside(), image="osprey/service:0.4")
    both = replace(facts, engine=replace(facts.engine, others=(new,)))
    (wait,) = health.settle(Plan(both, target, Rollout(Release("0.4"))))
    assert wait.why == "waiting for osprey/service:0.4 to become healthy: it does not serve yet"
    assert list(health.settle(Plan(both, target, Rollout(Release("0.3"))))) == []
    large = replace(both, host=replace(both.host, logs={"osprey-service.log": 60_000_000}))
    assert [len(list(health.settle(Plan(large, target, Rollout(Release(one)))))) for one in ("0.3", "0.4")] == [1, 1]
