"""What a host remembers of its releases: the desired one, and those that were healthy; and what a person can do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import pytest

from ospreyops.errors import Blocked
from ospreyops.facts import Facts
from ospreyops.facts.host import Desired
from ospreyops.goals.desired import (
    NO_FILE,
    UNREADABLE,
    check_known,
    cleared,
    is_recorded,
    record,
    rollback_target,
    version_at_hand,
    way_out,
)
from ospreyops.goals.rollout import Plan, Rollout
from ospreyops.release import Release
from ospreyops.target import Target
from tests.sim.host import SimHost
from tests.sim.site import simulated
from tests.sim.states import digest
from tests.worlds import running

FILES = "/home/ops/osprey/service-docker/.ospreyops"


def seen(host: SimHost, **changed: Any) -> tuple[Facts, Target]:
    """What a look shows of a host, but for what is changed of it."""
    site = simulated(host)
    facts = site.look()
    return replace(facts, host=replace(facts.host, **changed)), site.target


def plan(*, any_image: bool = False, version: str = "0.3", **changed: Any) -> Plan:
    return Plan(*seen(running(), **changed), Rollout(Release(version), any_image=any_image))


RUNS = digest("0.3")


@pytest.mark.parametrize(
    ("desired", "any_image", "recorded"),
    [
        (None, False, False),
        (Desired("0.4", digest=RUNS), False, False),
        (Desired("0.3", digest=RUNS), False, True),
        (Desired("0.3", digest="sha256:0e"), False, False),
        (Desired("0.3", digest="sha256:0e"), True, False),
        (Desired("0.3"), False, False),
        (Desired("0.3"), True, True),
    ],
)
def test_a_release_is_recorded_with_the_image_that_runs(
    desired: Optional[Desired], any_image: bool, recorded: bool
) -> None:
    made = plan(desired=desired, any_image=any_image)
    assert made.candidate and made.candidate.digest == RUNS
    assert is_recorded(made) is recorded
    assert bool(list(record(made))) is not recorded


def test_a_release_that_does_not_run_is_recorded_by_its_version_alone() -> None:
    made = plan(version="0.4", desired=Desired("0.4", digest="sha256:any"))
    assert made.candidate is None and is_recorded(made)
    (step,) = record(plan(version="0.4", desired=None))
    assert '"digest": ""' in str(step.do) and "printf '%s\\n' 0.4;" in str(step.do)
    (step,) = record(plan(desired=None))
    assert f"printf '%s\\n' '0.3 {RUNS}';" in str(step.do)


def test_what_lies_in_the_place_of_the_record_is_never_written_over() -> None:
    with pytest.raises(Blocked, match="wanted: it is not a file"):
        list(record(plan(desired=None, damaged={"wanted": NO_FILE})))
    assert list(record(plan(desired=None, damaged={"wanted": "it is empty"})))


@pytest.mark.parametrize("writable", [True, False])
def test_a_note_is_written_as_root_only_where_the_user_may_not_write(writable: bool) -> None:
    (noted,) = record(plan(desired=None, writable=writable))
    (gone,) = cleared(seen(running(), writable=writable)[0])
    assert [str(step.do).startswith("sudo ") for step in (noted, gone)] == [not writable] * 2


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, "clear the desired release (0.3)"),
        ({"desired": None, "damaged": {"wanted": "it is empty"}}, "clear the desired release (it is empty)"),
        ({"desired": None}, None),
        ({"desired": None, "damaged": {"healthy": "it is empty"}}, None),
    ],
)
def test_a_stop_clears_what_is_desired_or_damaged_and_nothing_else(changed: dict[str, Any], why: Optional[str]) -> None:
    assert [step.why for step in cleared(seen(running(), **changed)[0])] == ([why] if why else [])


@pytest.mark.parametrize("name", [".", "host", "wanted"])
def test_without_those_files_nobody_knows_what_is_to_run(name: str) -> None:
    with pytest.raises(Blocked, match="it is not known which release sim is to run"):
        check_known(seen(running(), damaged={name: "it is empty"})[0])
    check_known(seen(running(), damaged={"healthy": "it is empty"})[0])


@pytest.mark.parametrize(
    ("name", "wrong", "hint"),
    [
        ("host", "it is empty", f"rm {FILES}/host, on sim, if no other host shares the folder"),
        ("wanted", UNREADABLE, f"sudo chown -R ops: {FILES}/wanted, on sim"),
        (".", UNREADABLE, f"sudo chown -R ops: {FILES}, on sim"),
        ("wanted", "it is empty", "inv deploy 0.3 -H sim"),
        ("wanted", NO_FILE, f"mv {FILES}/wanted {FILES}/wanted.damaged, on sim"),
        ("healthy", "it is empty", f"mv {FILES}/healthy {FILES}/healthy.damaged, on sim"),
        (".", NO_FILE, f"mv {FILES} {FILES}.damaged, on sim"),
    ],
)
def test_what_a_person_can_do_about_a_damaged_file_fits_the_damage(name: str, wrong: str, hint: str) -> None:
    assert way_out(seen(running(), damaged={name: wrong})[0], name).startswith(hint)


def test_no_deploy_is_advised_where_no_release_is_at_hand() -> None:
    facts, _ = seen(SimHost(archives=set()), damaged={"wanted": "it is empty"})
    assert way_out(facts, "wanted") == f"mv {FILES}/wanted {FILES}/wanted.damaged, on sim"


@pytest.mark.parametrize(
    ("changed", "back"),
    [
        ({"proven": ("0.2", "0.3")}, "0.2"),
        ({"proven": ("0.3",)}, None),
        ({"proven": ("0.2", "0.4", "0.3", "0.3")}, "0.4"),
        ({"proven": ("0.2", "0.3"), "desired": Desired("0.2")}, "0.3"),
        ({"proven": ("0.2", "0.3"), "desired": None}, "0.2"),
    ],
)
def test_one_goes_back_to_the_last_healthy_release_other_than_what_is_desired_or_runs(
    changed: dict[str, Any], back: Optional[str]
) -> None:
    assert rollback_target(seen(running(), **changed)[0]) == back


def test_where_nothing_is_desired_or_runs_one_goes_back_to_the_last_healthy_release() -> None:
    assert rollback_target(seen(SimHost(), proven=("0.2", "0.3"))[0]) == "0.3"


@pytest.mark.parametrize(
    ("host", "version"),
    [
        (running("0.3", proven=["0.4"]), "0.3"),
        (SimHost(), "0.4"),
        (SimHost(proven=["0.3"]), "0.3"),
        (SimHost(proven=["0.3", "0.5"]), "0.3"),
        (SimHost(proven=["0.5"], archives=set(), unpacked={"0.2"}), "0.2"),
        (SimHost(proven=["0.3"], archives=set(), images={"osprey/service:0.3": "sha256:03"}), "0.3"),
        (SimHost(proven=["0.3", "0.2"], archives={"0.3"}, unpacked={"0.2"}), "0.2"),
        (SimHost(archives=set()), None),
    ],
)
def test_the_version_at_hand_is_what_runs_else_the_last_healthy_one_that_is_here_else_the_newest(
    host: SimHost, version: Optional[str]
) -> None:
    assert version_at_hand(seen(host)[0]) == version


def test_a_container_that_has_ended_is_not_what_runs() -> None:
    host = running("0.3")
    assert host.service
    host.service = replace(host.service, state="exited")
    assert version_at_hand(seen(host, proven=())[0]) == "0.4"
    blind = replace(seen(SimHost(proven=["0.3"]))[0], engine=None)
    assert version_at_hand(blind) == "0.3"
