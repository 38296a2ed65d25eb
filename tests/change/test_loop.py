"""The loop that brings a host to a goal, and what a rollout remembers on the way: on simulated hosts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ospreyops.change.reach import EVIDENCE_LINES, outcomes, reach, state
from ospreyops.change.rollout import DeployProgress
from ospreyops.change.site import Site
from ospreyops.errors import Interrupted, NotConverged
from ospreyops.facts import Facts
from ospreyops.facts.engine import Container
from ospreyops.facts.service import Problem
from ospreyops.release import Release
from ospreyops.remote.command import Command
from ospreyops.step import Step, WaitFor
from tests.sim.mac import SimMac
from tests.sim.site import simulated
from tests.worlds import history, running, serving

SLEEP = Step("it is to be done", Command("sleep 3", 5), "the VM is ready", patience=10)
WAIT = Step("waiting for it", WaitFor("look"), "the VM is there", patience=10)


def mac() -> tuple[SimMac, Site]:
    host = serving()
    return host, simulated(host)


def test_a_step_that_is_asked_for_again_is_waited_for_within_its_patience_and_then_given_up() -> None:
    host, site = mac()
    with pytest.raises(NotConverged, match="gave up after 10 s: it is to be done") as error:
        reach(site, lambda facts: [SLEEP])
    assert host.now == 10
    assert host.ran == ["sleep 3"]
    assert error.value.completed == ("the VM is ready",)
    assert error.value.hint == "inv status -H sim"


def test_the_last_reasons_for_waiting_are_told_once_each() -> None:
    host, site = mac()

    def goal(facts: Facts) -> Iterator[Step]:
        yield replace(WAIT, why=f"waiting for {'abcdefghijk'[int(host.now)]}")

    with pytest.raises(NotConverged) as error:
        reach(site, goal)
    told = [line for line in error.value.evidence.splitlines() if line.startswith("waiting")]
    assert told == [f"waiting for {letter}" for letter in "cdefghij"]
    assert len(told) == EVIDENCE_LINES


def test_a_goal_that_needs_nothing_takes_one_look_and_no_lock() -> None:
    host, site = mac()
    assert reach(site, lambda facts: []) == []
    assert (host.looks, site.change.held) == (1, False)


def test_what_only_waits_takes_no_lock_and_counts_as_nothing_completed() -> None:
    host, site = mac()
    left = [1, 1, 0]
    assert reach(site, lambda facts: [WAIT] * left.pop(0)) == [WAIT]
    assert (site.change.held, host.ran) == (False, [])
    assert outcomes({WAIT.do: (0.0, WAIT), SLEEP.do: (0.0, SLEEP)}) == ["the VM is ready"]


def test_a_change_decides_again_once_it_has_the_lock() -> None:
    """What a goal does with the lock alone, as tell a maintainer's program, comes before the first step."""
    host, site = mac()
    held: list[bool] = []

    def goal(facts: Facts) -> list[Step]:
        held.append(site.change.held)
        return [SLEEP] if len(held) == 1 else []

    assert reach(site, goal) == []
    assert (host.ran, held) == ([], [False, True])


def test_a_dry_run_shows_the_steps_and_does_none(capsys: pytest.CaptureFixture[str]) -> None:
    host = serving()
    site = replace(simulated(host), dry=True)
    assert reach(site, lambda facts: [SLEEP, WAIT]) == []
    assert (host.ran, host.looks) == ([], 1)


def test_what_stands_after_a_step_that_is_to_be_looked_at_waits_for_that_look() -> None:
    host, site = mac()
    first, second = replace(SLEEP, then_look=True), replace(SLEEP, do=Command("sleep 3 ", 5))
    left = [[first, second], [first, second], []]
    assert reach(site, lambda facts: left.pop(0)) == [first]
    assert host.ran == ["sleep 3"]


def test_a_task_that_was_interrupted_begins_no_further_step_and_says_how_the_service_is() -> None:
    host, site = mac()
    site.change.interrupted = True
    with pytest.raises(Interrupted, match=r"current state: osprey/service:0\.3 runs, healthy"):
        reach(site, lambda facts: [WAIT])
    assert host.ran == []


def test_how_the_service_is_is_unknown_where_nobody_could_look() -> None:
    host, site = mac()
    host.reachable = False
    assert state(site) == "unknown (sim cannot be reached: no answer in time)"

    def stop() -> None:
        raise KeyboardInterrupt

    host.reachable, host.on_look = True, stop
    assert state(site) == "unknown (nobody looked)"


def beside(facts: Facts) -> Container:
    """The container of 0.4, once it has the name of the one that served."""
    assert facts.engine and facts.engine.service
    return replace(facts.engine.service, id="c2", image="osprey/service:0.4")


def met(site: Site, service: Any, *, sick: bool = False) -> Facts:
    """What a look shows where that container serves."""
    facts = site.look()
    assert facts.engine
    desktop = {version: Problem("slow") if sick else None for version in ("0.3", "0.4")}
    local = replace(facts.local, desktop=desktop, about="v0.3, v0.4")
    return replace(facts, engine=replace(facts.engine, service=service), local=local)


def progress(site: Site, service: Any) -> DeployProgress:
    """A rollout of 0.4 that met this container before it changed anything."""
    found = DeployProgress()
    found.see(met(site, service), site, Release("0.4"))
    return found


def test_what_served_before_a_rollout_is_remembered_with_the_line_that_stops_it() -> None:
    site = simulated(running())
    service = met(site, None).serving or site.last.serving
    assert service
    found = progress(site, service)
    assert found.previous is service and "docker stop" in found.stop
    for other in (None, replace(service, state="exited")):
        found = progress(site, other)
        assert (found.previous, found.stop, found.took_over) == (None, "", False)


def test_the_release_took_over_once_another_container_serves_and_is_healthy() -> None:
    host = serving()
    site = simulated(host)
    service = site.look().serving
    assert service
    found = progress(site, service)
    assert site.change.begin()
    found.stop = "sleep 3"
    with site.change.step(SLEEP):
        host.now += 1
    found.see(met(site, None), site, Release("0.4"))
    assert not found.took_over
    for _ in range(2):
        found.see(met(site, beside(site.last)), site, Release("0.4"))
        assert (found.took_over, found.downtime, found.previous) == (True, 1, service)
        host.now += 60
    site.change.end("ok")
    assert len(history(host)) == 1


def test_a_release_that_is_not_healthy_yet_or_serves_no_longer_has_not_taken_over() -> None:
    host = serving()
    site = simulated(host)
    service = site.look().serving
    found = progress(site, service)
    assert site.change.begin()
    with site.change.step(SLEEP):
        pass
    new = beside(site.last)
    for serves, sick in ((new, True), (replace(new, state="exited"), False), (service, False)):
        found.see(met(site, serves, sick=sick), site, Release("0.4"))
        assert (found.took_over, found.downtime) == (False, None)
    site.change.end("ok")
