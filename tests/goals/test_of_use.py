"""What may be ended: each single sign that something is of use counts, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ospreyops.errors import Spared, Usage
from ospreyops.facts import Facts
from ospreyops.facts.host import Unit
from ospreyops.facts.machine import State
from ospreyops.goals.loss import alive, check_confirmed, check_loss, computing, of_use, spared
from ospreyops.remote.command import Command
from ospreyops.step import Step
from tests.sim.host import SimHost
from tests.sim.site import simulated
from tests.worlds import running

LOOK = Step("look first", Command("true", 1), "it was looked at", then_look=True)
CHANGE = Step("change it", Command("touch x", 1), "it is changed")
END = Step("end it", Command("kill 1", 1), "it is ended", ends=True)
HINT = "inv fix.x --yes"


def serving() -> Facts:
    """A server where 0.3 serves, and 0.4 runs beside it, which nobody uses."""
    facts = simulated(running()).look()
    assert facts.engine and facts.engine.service
    beside = replace(facts.engine.service, id="c2", port=24343, name="osprey-service-24343", connections=0)
    return replace(facts, engine=replace(facts.engine, others=(beside,)))


def dead() -> Facts:
    """A server where nothing runs."""
    return simulated(SimHost()).look()


@pytest.mark.parametrize(
    ("sign", "used"),
    [
        ({}, False),
        ({"connections": 1}, True),
        ({"connections": None}, True),
        ({"jobs": ("sander",)}, True),
        ({"state": "exited", "connections": None}, False),
        ({"state": "exited", "jobs": ("sander",)}, False),
    ],
)
def test_a_container_beside_the_one_that_serves_is_of_use_by_each_sign_alone(sign: dict[str, Any], used: bool) -> None:
    facts = serving()
    assert facts.engine
    assert of_use(facts, replace(facts.engine.others[0], **sign)) is used


def test_the_container_that_users_reach_is_of_use_though_nothing_goes_on_in_it_just_now() -> None:
    facts = serving()
    assert facts.engine and facts.engine.service
    service = replace(facts.engine.service, connections=0)
    facts = replace(facts, engine=replace(facts.engine, service=service))
    assert of_use(facts, service)


@pytest.mark.parametrize("state", ["created", "dead", "exited", "paused", "removing", "restarting", "running"])
def test_what_computes_in_a_container_is_of_use_in_each_state_that_has_processes(state: str) -> None:
    facts = serving()
    assert facts.engine
    computes = replace(facts.engine.others[0], jobs=("sander",), state=state)
    assert of_use(facts, computes) is (state in ("paused", "restarting", "running"))


@pytest.mark.parametrize(("state", "used"), [("active", True), ("inactive", False)])
def test_an_idle_container_is_of_use_where_a_unit_that_runs_keeps_it(state: str, used: bool) -> None:
    facts = serving()
    assert facts.engine
    kept = replace(facts, host=replace(facts.host, unit=Unit(state, "/x", "/x", "0.3")))
    assert of_use(kept, facts.engine.others[0]) is used


def test_what_computes_alone_is_alive_and_so_is_what_serves_alone() -> None:
    facts = serving()
    assert facts.engine and facts.engine.service
    assert "serves v0.3" in str(alive(facts))
    silent = replace(facts, local=replace(facts.local, desktop={}))
    assert alive(silent) is None
    service = replace(facts.engine.service, jobs=("sander", "pmemd"))
    computes = replace(silent, engine=replace(facts.engine, service=service))
    assert alive(computes) == computing(computes) == "osprey/service:0.3 computes sander, pmemd"
    assert alive(dead()) is None


def test_nothing_is_ended_while_something_serves_and_what_was_to_prepare_for_it_is_not_done_either() -> None:
    with pytest.raises(Spared, match=r"end it, but .* serves v0\.3: nothing is ended") as refused:
        list(spared(serving(), [CHANGE, END], HINT))
    assert refused.value.hint == HINT


def test_what_must_be_looked_at_before_an_end_is_done_and_the_next_look_decides() -> None:
    assert list(spared(serving(), [CHANGE, LOOK, END], HINT)) == [CHANGE, LOOK]
    assert list(spared(serving(), [CHANGE, LOOK], HINT)) == [CHANGE, LOOK]


def test_what_is_dead_may_be_ended_and_what_nobody_can_ask_may_not() -> None:
    assert list(spared(dead(), [CHANGE, END], HINT)) == [CHANGE, END]
    unknown = replace(dead(), machine=replace(dead().machine, state=State.UNKNOWN))
    with pytest.raises(Spared, match="nobody can say what runs"):
        list(spared(unknown, [END], HINT))


@pytest.mark.parametrize(
    ("facts", "steps", "yes"),
    [(dead(), [END], False), (serving(), [END], True), (serving(), [CHANGE, LOOK, END], False)],
    ids=["nothing lives", "a yes is given", "a look comes first"],
)
def test_no_yes_is_asked_for_where(facts: Facts, steps: list[Step], yes: bool) -> None:
    check_confirmed(facts, steps, "fix.x", yes=yes)


@pytest.mark.parametrize("steps", [[END], [CHANGE, END]])
def test_a_yes_is_asked_for_before_what_serves_is_ended(steps: list[Step]) -> None:
    with pytest.raises(Usage, match=r"fix\.x would end that"):
        check_confirmed(serving(), steps, "fix.x", yes=False)


def test_a_computation_is_cut_only_after_a_yes() -> None:
    facts = serving()
    check_loss(facts, "service.stop", yes=False)
    assert facts.engine and facts.engine.service
    service = replace(facts.engine.service, jobs=("sander",))
    computes = replace(facts, engine=replace(facts.engine, service=service))
    check_loss(computes, "service.stop", yes=True)
    with pytest.raises(Usage, match=r"service\.stop would cut that"):
        check_loss(computes, "service.stop", yes=False)
