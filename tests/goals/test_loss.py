"""Nothing that is of use is ended: held over any facts, for every repair and for heal."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ospreyops.errors import Blocked, Usage
from ospreyops.facts import Facts
from ospreyops.facts.machine import State
from ospreyops.faults import Fault, registry
from ospreyops.goals.loss import alive, check_confirmed, life
from ospreyops.goals.machine import docker_answers, up
from ospreyops.healing.heal import healed
from ospreyops.step import Step
from ospreyops.target import Target
from tests.sim.facts import any_facts

FAULTS = st.sampled_from(registry())
ENDS = (
    *("docker stop", "docker rm", "poweroff", "kill -9", "kill -TERM", "docker-machine rm", "docker-machine stop"),
    *("docker-machine restart", "regenerate-certs", "discardstate", "systemctl stop", "/etc/init.d/docker start"),
)
"""Words of the lines that end something."""
HARMLESS = ("is removed", "is draining", "is gone", "is stopped")
"""Outcomes of lines that end what is of no use: a container that does not run, or that nobody uses."""


def planned(goal: Iterator[Step]) -> list[Step]:
    """The steps of a goal, up to where it is blocked."""
    steps: list[Step] = []
    with contextlib.suppress(Blocked):
        steps.extend(goal)
    return steps


@settings(max_examples=500, deadline=None)
@given(any_facts())
def test_heal_ends_nothing_while_anything_proves_that_the_service_serves_or_computes(
    world: tuple[Facts, Target],
) -> None:
    facts, target = world
    if alive(facts):
        assert [step for step in planned(healed(facts, target)) if step.ends] == []


@settings(max_examples=500, deadline=None)
@given(any_facts())
def test_what_has_docker_answer_ends_nothing_while_anything_serves_or_computes(world: tuple[Facts, Target]) -> None:
    facts, target = world
    if alive(facts):
        assert [step for step in planned(up(facts, target)) if step.ends] == []


@settings(max_examples=500, deadline=None)
@given(any_facts(st.just(State.UNKNOWN)))
def test_no_repair_ends_anything_of_a_vm_that_could_not_be_asked(world: tuple[Facts, Target]) -> None:
    facts, target = world
    if target.machine.vm:
        plans = [*(fault.repair(facts, target) for fault in registry()), healed(facts, target)]
        plans.append(docker_answers(facts, target))
        assert [step for plan in plans for step in planned(plan) if step.ends] == []


@settings(max_examples=500, deadline=None)
@given(any_facts(), FAULTS)
def test_a_fix_that_would_end_what_lives_or_could_not_be_asked_wants_a_yes(
    world: tuple[Facts, Target], fault: Fault
) -> None:
    facts, target = world
    steps = planned(fault.repair(facts, target))
    if life(facts) and steps and steps[0].ends:
        with pytest.raises(Usage, match=re.escape(str(life(facts)))) as asked:
            check_confirmed(facts, steps, "fix", yes=False)
        assert asked.value.hint == "--yes"
        check_confirmed(facts, steps, "fix", yes=True)


@settings(max_examples=500, deadline=None)
@given(any_facts())
def test_a_step_whose_line_ends_something_says_so(world: tuple[Facts, Target]) -> None:
    facts, target = world
    for fault in registry():
        for step in planned(fault.repair(facts, target)):
            ends = step.changes and any(word in str(step.do) for word in ENDS)
            idle = any(word in step.outcome for word in HARMLESS) and not in_use(facts, step)
            assert step.ends or idle or not ends, step


def in_use(facts: Facts, step: Step) -> bool:
    """The step's line stops a container that computes, or that traffic comes to."""
    containers = facts.engine.containers if facts.engine else ()
    stopped = [one for one in containers if f"docker stop {one.name}" in str(step.do)]
    return any(one.jobs or (one is facts.serving and one.running) for one in stopped)
