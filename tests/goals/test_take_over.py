"""Which image may take over: it is the one that is meant, runs on this engine, and cuts no user off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import pytest

from ospreyops.delivery.archive import Archive
from ospreyops.delivery.image_archive import ImageArchive
from ospreyops.errors import Blocked
from ospreyops.facts.engine import Image
from ospreyops.facts.service import Problem
from ospreyops.goals import fitness, image
from ospreyops.goals.rollout import Plan, Rollout
from ospreyops.release import Release
from tests.sim.site import simulated
from tests.worlds import running

NAME = "osprey/service:0.4"


def plan(
    found: Optional[Image] = None,
    *,
    version: str = "0.4",
    engine: Optional[dict[str, Any]] = None,
    desktop: Optional[dict[str, Any]] = None,
    **rollout: Any,
) -> Plan:
    """0.3 serves, and a release is to take over, whose image is in Docker."""
    site = simulated(running())
    facts, target = site.look(), site.target
    assert facts.engine
    images = {**facts.engine.images, **({found.name: found} if found else {})}
    facts = replace(facts, engine=replace(facts.engine, images=images, **(engine or {})))
    if desktop is not None:
        facts = replace(facts, local=replace(facts.local, desktop=desktop))
    return Plan(facts, target, Rollout(Release(version), **rollout))


def built(versions: tuple[str, ...] = (), architecture: str = "") -> Image:
    return Image(NAME, "sha256:new", 1, 1, versions, architecture)


def given(versions: tuple[str, ...] = (), architecture: Optional[str] = None, path: Path = Path("/x/y.tar")) -> Archive:
    return Archive(path, ImageArchive((NAME,), "sha256:given", architecture, versions))


DROP: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("versions", "drop", "lost"),
    [
        (("0.4",), DROP, ["0.3"]),
        (("0.3", "0.4"), DROP, []),
        (("0.4",), {"0.3"}, []),
        (("0.4",), {"0.2"}, ["0.3"]),
        ((), DROP, []),
        (("0.4",), None, []),
    ],
)
def test_a_protocol_that_is_served_now_is_dropped_only_where_that_is_said(
    versions: tuple[str, ...], drop: Any, lost: list[str]
) -> None:
    made = plan(built(versions), drop=drop)
    assert fitness.dropped(made, versions) == lost
    if lost:
        with pytest.raises(Blocked, match=r"would be cut off"):
            fitness.check_image(made)
        with pytest.raises(Blocked, match=r"would be cut off"):
            fitness.check_given(replace(made, rollout=replace(made.rollout, given=given(versions))))
    else:
        fitness.check_image(made)


def test_a_protocol_whose_users_are_not_content_now_is_not_missed() -> None:
    assert fitness.dropped(plan(drop=DROP, desktop={"0.3": Problem("slow"), "0.2": None}), ("0.4",)) == ["0.2"]


@pytest.mark.parametrize(
    ("image_for", "engine_on", "fits"),
    [("arm64", "amd64", False), ("amd64", "amd64", True), ("", "amd64", True), ("arm64", "", True)],
)
def test_an_image_for_another_processor_is_refused_where_both_are_known(
    image_for: str, engine_on: str, fits: bool
) -> None:
    made = plan(built((), image_for), engine={"architecture": engine_on})
    archive = given((), image_for or None)
    if fits:
        fitness.check_image(made)
        fitness.check_archive(made.facts, archive)
        return
    with pytest.raises(Blocked, match=f"{NAME} is built for arm64, and Docker on sim is on amd64"):
        fitness.check_image(made)
    with pytest.raises(Blocked, match=r"y\.tar is built for arm64, and Docker on sim is on amd64"):
        fitness.check_archive(made.facts, archive)


def test_an_archive_that_does_not_tell_or_an_engine_that_nobody_can_ask_is_not_judged() -> None:
    facts = plan().facts
    fitness.check_archive(facts, None)
    fitness.check_archive(facts, Archive(Path("/x"), None))
    fitness.check_archive(replace(facts, engine=None), given((), "arm64"))


@pytest.mark.parametrize(("proven", "fits"), [(None, True), ("sha256:new", True), ("sha256:old", False)])
def test_a_rollback_wants_the_very_image_that_was_healthy(proven: Optional[str], fits: bool) -> None:
    made = plan(built(), proven=proven)
    if fits:
        fitness.check_image(made)
        return
    with pytest.raises(Blocked, match="not sha256:old, which was healthy here"):
        fitness.check_image(made)


def test_what_serves_already_is_not_judged_again() -> None:
    serves = plan(version="0.3", proven="sha256:old", drop=DROP)
    fitness.check_image(serves)
    fitness.check_given(replace(serves, rollout=replace(serves.rollout, any_image=True, given=given(("0.9",)))))
    fitness.check_image(plan(proven="sha256:old"))


def test_what_runs_beside_the_one_that_serves_is_judged_too() -> None:
    made = plan(built(("0.4",)), drop=DROP)
    assert made.facts.serving
    beside = replace(made.facts.serving, id="c2", image=NAME, digest="sha256:new", port=24343)
    runs = replace(made, facts=replace(made.facts, engine=replace(made.engine, others=(beside,))))
    assert runs.candidate is beside
    with pytest.raises(Blocked, match="would be cut off"):
        fitness.check_image(runs)


def prepared(made: Plan, *, starting: bool) -> list[str]:
    return [step.outcome for step in image.prepared(made, starting=starting)]


def test_an_image_that_is_still_to_be_loaded_is_judged_once_it_is_there() -> None:
    made = plan(built(("0.4",)), drop=DROP)
    loading = replace(made.facts, host=replace(made.facts.host, loading=frozenset({"0.4"})))
    assert f"{NAME} is in Docker" in prepared(replace(made, facts=loading), starting=True)
    with pytest.raises(Blocked, match="would be cut off"):
        prepared(made, starting=True)
