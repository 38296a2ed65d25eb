"""Which container runs the release that is meant, and what is in use."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import pytest

from ospreyops.delivery.archive import Archive
from ospreyops.delivery.image_archive import ImageArchive
from ospreyops.errors import Blocked
from ospreyops.facts import Facts
from ospreyops.facts.engine import Container, EngineRefusal, Refusal
from ospreyops.facts.host import LoadedImage, Unit
from ospreyops.facts.service import Problem
from ospreyops.goals.rollout import Plan, Rollout, engine_of, in_use, is_image_of
from ospreyops.release import Release
from tests.sim.host import SimHost
from tests.sim.mac import SimMac
from tests.sim.site import simulated
from tests.sim.states import digest
from tests.worlds import running, serving

IMAGE = "osprey/service:0.3"
OTHER = "sha256:0e"


def plan(
    *others: Container,
    service: Optional[dict[str, Any]] = None,
    host: Optional[dict[str, Any]] = None,
    active_port: Optional[int] = 44342,
    known: bool = True,
    **rollout: Any,
) -> Plan:
    """A server where 0.3 is to run; service: what is changed of its container, host: of the host."""
    site = simulated(running())
    facts = site.look()
    assert facts.engine and facts.engine.service
    images = facts.engine.images if known else {}
    own = replace(facts.engine.service, **(service or {}))
    engine = replace(facts.engine, service=own, others=others, images=images)
    machine = replace(facts.machine, active_port=active_port)
    facts = replace(facts, engine=engine, machine=machine, host=replace(facts.host, **(host or {})))
    return Plan(facts, site.target, Rollout(Release("0.3"), **rollout))


def beside(**changed: Any) -> Container:
    """A container of 0.3 at a port of its own."""
    own = Container("c2", IMAGE, digest("0.3"), "running", "2026-01-01T00:00:00", 24343, name="osprey-service-24343")
    return replace(own, **changed)


def chosen(made: Plan) -> Optional[str]:
    return made.candidate.id if made.candidate else None


@pytest.mark.parametrize(
    ("service", "rollout", "fits"),
    [
        ({}, {}, True),
        ({"state": "exited"}, {}, False),
        ({"image": "osprey/service:0.4"}, {}, False),
        ({"name": "osprey-service-left-1800000000-44342"}, {}, False),
        ({}, {"replacing": "c1"}, False),
        ({}, {"replacing": "c2"}, True),
        ({"digest": OTHER}, {}, False),
        ({"digest": OTHER}, {"any_image": True}, True),
        ({"digest": OTHER}, {"keep": "c1"}, True),
        ({"digest": OTHER}, {"keep": "c2"}, False),
    ],
)
def test_a_container_runs_the_release_when_it_is_in_use_and_of_the_image_that_is_meant(
    service: dict[str, Any], rollout: dict[str, Any], fits: bool
) -> None:
    assert chosen(plan(service=service, **rollout)) == ("c1" if fits else None)


def test_an_image_whose_name_is_gone_from_docker_is_still_that_of_its_container() -> None:
    assert chosen(plan(service={"digest": OTHER}, known=False)) == "c1"


@pytest.mark.parametrize(
    ("active_port", "port", "reached"),
    [(44342, 24343, True), (None, 24343, False), (None, 44342, True), (None, None, True)],
)
def test_a_container_at_a_port_that_traffic_cannot_be_switched_to_runs_nothing_for_users(
    active_port: Optional[int], port: Optional[int], reached: bool
) -> None:
    assert chosen(plan(service={"port": port}, active_port=active_port)) == ("c1" if reached else None)


@pytest.mark.parametrize(
    ("rollout", "serves"), [({}, False), ({"any_image": True}, True), ({"keep": "c2"}, True), ({"keep": "c9"}, True)]
)
def test_of_several_the_one_that_serves_runs_it_where_the_image_does_not_matter(
    rollout: dict[str, Any], serves: bool
) -> None:
    assert chosen(plan(beside(), active_port=24343, **rollout)) == ("c2" if serves else "c1")


def test_what_serves_another_release_is_not_taken_for_the_one_that_is_meant() -> None:
    other = beside(image="osprey/service:0.4")
    assert chosen(plan(other, active_port=24343, any_image=True)) == "c1"


@pytest.mark.parametrize(
    ("state", "version", "kept"), [("active", "0.3", True), ("activating", "0.3", False), ("active", "0.4", False)]
)
def test_where_there_is_a_unit_it_must_keep_the_release_itself(state: str, version: str, kept: bool) -> None:
    assert chosen(plan(host={"unit": Unit(state, "/x", "/x", version)})) == ("c1" if kept else None)


@pytest.mark.parametrize(
    ("loaded", "same"),
    [
        ((), False),
        (None, False),
        ((LoadedImage("0.3", OTHER, "key"),), True),
        ((LoadedImage("0.3", OTHER, "another"),), False),
        ((LoadedImage("0.3", "sha256:x", "key"),), False),
    ],
)
def test_an_image_is_an_archives_by_its_digest_or_by_what_was_recorded_when_it_was_loaded(
    loaded: Any, same: bool
) -> None:
    archive = Archive(Path("/x/0.3.tar"), ImageArchive((IMAGE,), "key"))
    facts = plan(host={"loaded": loaded}).facts
    assert is_image_of(facts, archive, OTHER) is same
    assert is_image_of(facts, archive, "key")


def test_a_container_is_in_use_while_the_host_is_content_with_it_or_it_computes() -> None:
    made = plan()
    own = made.facts.serving
    assert own and in_use(made.facts, own)
    sick = replace(made.facts, local=replace(made.facts.local, desktop={"0.3": Problem("slow")}))
    assert not in_use(sick, own)
    assert in_use(sick, replace(own, jobs=("sander",)))
    assert not in_use(sick, replace(own, jobs=("sander",), state="exited"))
    assert not in_use(made.facts, replace(own, state="exited"))


def refused(host: SimHost, **changed: Any) -> Blocked:
    facts: Facts = replace(simulated(host).look(), engine=None)
    facts = replace(facts, refusal=changed.pop("refusal", None), host=replace(facts.host, **changed))
    with pytest.raises(Blocked) as error:
        engine_of(facts)
    return error.value


def test_why_docker_cannot_be_asked_is_told_by_the_first_thing_that_is_wrong() -> None:
    denied, silent = (EngineRefusal("words", kind) for kind in (Refusal.DENIED, Refusal.SILENT))
    assert "there is no docker command on sim" in refused(SimHost(), tools=frozenset({"curl"})).case
    assert "ops may not use Docker on sim: words" in refused(SimHost(), refusal=denied).case
    assert "Docker on sim does not answer: words" in refused(SimHost(), refusal=silent).case
    assert "Docker on sim does not answer: None" in refused(SimHost()).case
    assert refused(serving(), tools=frozenset({"curl"})).hint == "inv machine.start -H sim"
    assert engine_of(simulated(SimMac()).look())
