"""What the facts of a look tell by themselves: who serves, how the service is, and what a container does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import pytest

from ospreyops.facts import Facts
from ospreyops.facts.engine import Container, EngineRefusal
from ospreyops.facts.host import LoadedImage, Unit
from ospreyops.facts.machine import Process
from ospreyops.facts.service import ProbeResult, Problem, Symptom
from tests.sim.host import SimHost
from tests.sim.site import simulated
from tests.sim.states import digest
from tests.worlds import running


def seen(*others: Container, active_port: Optional[int] = 44342, service: Optional[dict[str, Any]] = None) -> Facts:
    """A server where 0.3 runs, and others beside it."""
    facts = simulated(running()).look()
    assert facts.engine and facts.engine.service
    own = replace(facts.engine.service, **(service or {}))
    machine = replace(facts.machine, active_port=active_port)
    return replace(facts, engine=replace(facts.engine, service=own, others=others), machine=machine)


def beside(**changed: Any) -> Container:
    own = Container("c2", "osprey/service:0.4", "sha256:04", "running", "2026-01-01T00:00:00", 24343)
    return replace(own, name="osprey-service-24343", **changed)


@pytest.mark.parametrize(
    ("other", "active_port", "serves"),
    [
        (beside(), 44342, "c1"),
        (beside(), 24343, "c2"),
        (beside(state="exited"), 24343, "c1"),
        (beside(), 24344, "c1"),
        (beside(port=None), None, "c1"),
    ],
)
def test_users_reach_what_runs_behind_the_active_port_else_what_has_the_services_name(
    other: Container, active_port: Optional[int], serves: str
) -> None:
    found = seen(other, active_port=active_port).serving
    assert found and found.id == serves


def test_the_service_is_told_in_a_clause() -> None:
    facts = seen()
    assert facts.state == "osprey/service:0.3 runs, healthy"
    silent = ProbeResult("https://x:44342", None, Problem("timeout", Symptom.SILENT))
    assert replace(facts, local=silent).state == "osprey/service:0.3 runs, but https://x:44342 does not answer: timeout"
    assert replace(facts, outside=(silent,)).state.endswith("but https://x:44342 does not answer: timeout")
    assert seen(service={"state": "exited"}).state == "no service runs: the container is exited"
    assert simulated(SimHost()).look().state == "no service runs"
    blind = replace(facts, engine=None, refusal=EngineRefusal("refused"))
    assert (blind.state, blind.serving, blind.sudo) == ("Docker does not answer: refused", None, False)


def test_docker_is_called_as_root_only_where_root_alone_may_reach_it() -> None:
    assert (simulated(running(sudo=True)).look().sudo, simulated(running()).look().sudo) == (True, False)


@pytest.mark.parametrize(
    ("desktop", "version", "problem"),
    [
        ({"0.3": None}, "0.3", None),
        ({"0.3": Problem("slow", Symptom.SILENT)}, "0.3", "https://x/v0.3/about: slow"),
        ({"0.3": None, "0.4": Problem("odd")}, "0.3", "https://x/v0.4/about: odd"),
        ({"0.4": None}, "0.3", "https://x does not know v0.3: 'it runs'"),
    ],
)
def test_a_place_is_content_when_each_version_that_is_served_is(desktop: Any, version: str, problem: Any) -> None:
    found = ProbeResult("https://x", "it runs", None, desktop).problem(version)
    assert (str(found) if found else None) == problem


def test_a_place_that_does_not_answer_says_why_where_that_is_known() -> None:
    nobody = ProbeResult("https://x").version_problem("0.3")
    assert nobody and (str(nobody), nobody.symptom) == ("https://x does not answer: no answer", Symptom.SILENT)
    closed = ProbeResult("https://x", None, Problem("closed", Symptom.CLOSED)).version_problem("0.3")
    assert closed and (str(closed), closed.symptom) == ("https://x does not answer: closed", Symptom.CLOSED)
    content = ProbeResult("https://x", "it runs", None, {"0.3": None, "0.4": Problem("odd")}).content
    assert content == ["0.3"]


@pytest.mark.parametrize(
    ("changed", "activity"),
    [
        ({}, None),
        ({"connections": 0}, None),
        ({"connections": 2}, "2 connections"),
        ({"jobs": ("sander", "pmemd")}, "job sander pmemd"),
        ({"connections": 1, "jobs": ("sander",)}, "1 connection, job sander"),
    ],
)
def test_what_goes_on_in_a_container_is_told_in_a_clause(changed: dict[str, Any], activity: Optional[str]) -> None:
    assert beside(**changed).activity == activity


def test_what_an_end_would_cut_is_told_only_of_what_computes() -> None:
    assert beside().loss == ""
    computes = beside(jobs=("sander",))
    assert computes.loss == " (with sander computing in it: cut)"
    facts = seen(computes)
    assert facts.engine and facts.engine.loss == computes.loss
    assert [one.id for one in facts.engine.containers] == ["c1", "c2"]
    assert replace(facts.engine, service=None).containers == (computes,)


def test_a_container_drains_since_the_moment_in_its_name() -> None:
    assert beside().draining_since is None
    assert replace(beside(), name="osprey-service-left-1800000000-24343").draining_since == 1_800_000_000


@pytest.mark.parametrize(
    ("state", "active"),
    [("active", True), ("activating", True), ("deactivating", True), ("inactive", False), ("failed", False)],
)
def test_a_unit_is_active_while_systemd_runs_it_or_tries_to(state: str, active: bool) -> None:
    assert Unit(state, "/x", "/x", "0.3").active is active


@pytest.mark.parametrize(
    ("loaded", "same"),
    [
        ((LoadedImage("0.3", "sha256:a", "key"), LoadedImage("0.3", "sha256:b", "key")), True),
        ((LoadedImage("0.3", "sha256:a", "key"), LoadedImage("0.3", "sha256:b", "other")), False),
        ((LoadedImage("0.3", "sha256:a"), LoadedImage("0.3", "sha256:b")), False),
        ((LoadedImage("0.3", "sha256:a", "key"), LoadedImage("0.3", "sha256:c", "key")), False),
        (None, False),
    ],
)
def test_two_digests_are_of_one_image_where_their_archives_say_so(loaded: Any, same: bool) -> None:
    host = replace(simulated(SimHost()).look().host, loaded=loaded)
    assert host.same_image("sha256:a", "sha256:b") is same
    assert host.same_image("sha256:a", "sha256:a")


@pytest.mark.parametrize(
    ("unpacked", "archives", "folder"),
    [
        ({"0.3": "/x/0.3"}, set(), "/x/0.3"),
        ({"0.4": "/x/0.4"}, set(), "/x/0.4"),
        ({"0.4": "/x/0.4"}, {"0.3"}, "/home/ops/osprey/service-docker/0.3"),
        ({}, set(), "/home/ops/osprey/service-docker/0.3"),
        ({"0.4": "/x/0.4", "0.3": "/x/0.3"}, {"0.3"}, "/x/0.3"),
    ],
)
def test_the_start_script_is_the_releases_own_else_that_of_another_that_is_there(
    unpacked: dict[str, str], archives: set[str], folder: str
) -> None:
    host = replace(simulated(SimHost()).look().host, unpacked=unpacked, archives=dict.fromkeys(archives, ("/a", 1)))
    assert host.script_folder("0.3") == folder


def test_a_release_without_its_lower_layers_has_its_own_start_script() -> None:
    host = replace(simulated(SimHost()).look().host, unpacked={"0.3": "/x/0.3"}, parts={"0.4": "0.3"})
    own = "/home/ops/osprey/service-docker/0.4"
    assert host.script_folder("0.4") == own
    assert host.script_folders == {"/x/0.3", own}


def test_a_process_is_named_by_what_runs_and_not_by_its_words() -> None:
    assert Process(1, 1, 1, "/x/VBoxHeadless --comment docker-machine").program == "VBoxHeadless"
    assert Process(1, 1, 1, "").program == ""


def test_what_a_look_shows_of_a_healthy_server_is_its_image() -> None:
    facts = seen()
    assert facts.serving and facts.serving.digest == digest("0.3")
    assert facts.problem("0.3") is None
