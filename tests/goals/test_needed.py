"""What is needed and stays, what is removed, and what only a person may remove: by each reason alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ospreyops.facts import Facts
from ospreyops.facts.engine import Image
from ospreyops.facts.host import Desired, LoadedImage, Unit
from ospreyops.goals.prune import left, pruned, removable_folders, removable_images, unneeded
from tests.sim.host import SimHost
from tests.sim.site import simulated

FOLDER = "/home/ops/osprey/service-docker"
VERSIONS = ("0.1", "0.2", "0.3", "0.4")
NOT_LOADED = "this tool did not load it"


def name(version: str) -> str:
    return f"osprey/service:{version}"


def seen(*, runs: str = "", engine: Any = None, **host: Any) -> Facts:
    """A host with the images and folders of four releases, that this tool loaded and unpacked."""
    found = SimHost(unpacked=set(VERSIONS), own=set(VERSIONS))
    for version in VERSIONS:
        found.load(version)
    if runs:
        found.start(runs)
    facts = simulated(found).look()
    assert facts.engine
    has = replace(facts.engine, **(engine or {}))
    facts, loaded = replace(facts, engine=has), tuple(LoadedImage(tag, one.digest) for tag, one in has.images.items())
    return replace(facts, host=replace(facts.host, **{"loaded": loaded, **host}))


def gone(facts: Facts, keep: int = 1) -> list[str]:
    return [image.rpartition(":")[2] for image in unneeded(facts, keep)]


@pytest.mark.parametrize(
    ("state", "goes"),
    [
        ({}, ["0.1", "0.2", "0.3"]),
        ({"runs": "0.1"}, ["0.2", "0.3"]),
        ({"desired": Desired("0.2")}, ["0.1", "0.3"]),
        ({"proven": ("0.1",)}, ["0.2", "0.3", "0.4"]),
        ({"unit": Unit("inactive", "/x", "/x", "0.3")}, ["0.1", "0.2"]),
        ({"runs": "0.4", "proven": ("0.2", "0.4")}, ["0.1", "0.3"]),
        ({"runs": "0.4", "desired": Desired("0.4")}, ["0.1", "0.2"]),
    ],
)
def test_an_image_is_needed_that_runs_is_desired_is_started_by_the_unit_or_is_the_one_to_go_back_to(
    state: dict[str, Any], goes: list[str]
) -> None:
    assert gone(seen(**state)) == goes


def test_the_newest_images_fill_up_what_is_to_be_kept() -> None:
    assert [len(gone(seen(), keep)) for keep in (1, 2, 3, 4, 5)] == [3, 2, 1, 0, 0]
    assert gone(seen(runs="0.1", desired=Desired("0.2")), 3) == ["0.3"]


def test_nothing_is_needed_or_removed_where_docker_cannot_be_asked() -> None:
    blind = replace(seen(), engine=None)
    assert (gone(blind), removable_images(blind), removable_folders(blind), left(blind)) == ([], [], [], [])


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({}, ""),
        ({"engine": {"holders": {"sha256:01": "db"}}}, "the container db holds it"),
        ({"engine": {"holders": {"sha256:09": "db"}}}, ""),
        ({"loaded": ()}, NOT_LOADED),
        ({"loaded": (LoadedImage("0.1", "sha256:01"),)}, ""),
        ({"loaded": None}, NOT_LOADED),
        ({"loaded": None, "proven": ("0.1", "0.3")}, ""),
        ({"loaded": None, "proven": ("0.1", "0.3"), "proven_images": {"0.1": "sha256:01"}}, ""),
        (
            {"loaded": None, "proven": ("0.1", "0.3"), "proven_images": {"0.1": "sha256:09"}},
            NOT_LOADED,
        ),
    ],
)
def test_an_image_that_is_not_needed_stays_only_for_a_reason_that_is_told(state: dict[str, Any], why: str) -> None:
    images = {name("0.1"): Image(name("0.1"), "sha256:01", 1, 1), name("0.4"): Image(name("0.4"), "sha256:04", 1, 1)}
    state = {**state, "engine": {"images": images, **state.get("engine", {})}, "unpacked": {}, "own": frozenset()}
    facts = seen(**{"loaded": (LoadedImage("0.1", "sha256:01"),), **state})
    assert left(facts, 1) == ([f"{name('0.1')} stays: {why}"] if why else [])
    assert removable_images(facts, 1) == ([] if why else [name("0.1")])


def test_an_image_that_a_container_runs_under_another_name_stays() -> None:
    facts = seen(runs="0.4")
    assert facts.engine and facts.engine.service
    old = facts.engine.images[name("0.1")].digest
    service = replace(facts.engine.service, image="osprey/service:test", digest=old)
    facts = replace(facts, engine=replace(facts.engine, service=service))
    assert f"{name('0.1')} stays: a container runs it" in left(facts, 1)


def folders(facts: Facts) -> list[str]:
    return removable_folders(facts, 1)


def test_the_folder_of_a_release_goes_with_its_image_and_stays_where_that_is_needed() -> None:
    assert folders(seen(runs="0.4", desired=Desired("0.4"), proven=("0.1", "0.4"))) == ["0.2", "0.3"]
    assert folders(seen(engine={"images": {}})) == list(VERSIONS)
    assert folders(seen(engine={"images": {}}, desired=Desired("0.2"))) == ["0.1", "0.3", "0.4"]


@pytest.mark.parametrize(
    ("state", "goes"),
    [
        ({}, True),
        ({"own": frozenset()}, False),
        ({"unpacked": {"0.1": "/elsewhere/0.1"}, "own": frozenset({"/elsewhere/0.1"})}, False),
        ({"unit": Unit("inactive", "/x", f"{FOLDER}/0.1", "0.4")}, False),
        ({"unpacked": {}}, True),
        ({"unpacked": {"0.1": FOLDER}, "own": frozenset({FOLDER})}, False),
    ],
)
def test_a_folder_goes_only_where_this_tool_unpacked_it_to_its_place_and_no_unit_starts_from_it(
    state: dict[str, Any], goes: bool
) -> None:
    here = {"unpacked": {"0.1": f"{FOLDER}/0.1"}, "own": frozenset({f"{FOLDER}/0.1"})}
    assert ("0.1" in folders(seen(**{**here, **state}))) is goes


def test_a_folder_that_stays_is_told_once_and_one_that_goes_is_not() -> None:
    told = left(seen(own=frozenset({f"{FOLDER}/0.1"})), 1)
    assert [clause.partition(" stays")[0] for clause in told] == [f"{FOLDER}/0.2", f"{FOLDER}/0.3"]


def test_why_something_is_removed_is_told_as_it_was_asked_for() -> None:
    facts = seen()
    target = simulated(SimHost()).target
    assert [step.why for step in pruned(facts, target, keep=3)] == [
        f"{name('0.1')} is not needed",
        f"{FOLDER}/0.1 is not needed",
    ]
    assert {step.why for step in pruned(facts, target, "the disk is full")} == {"the disk is full"}
