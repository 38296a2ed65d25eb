"""Which image is loaded, and what a load needs, undoes and remembers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

import pytest

from ospreyops.delivery.archive import Archive
from ospreyops.delivery.extract import Extract
from ospreyops.delivery.image_archive import ImageArchive
from ospreyops.delivery.load import Load
from ospreyops.delivery.upload import Upload
from ospreyops.errors import Blocked
from ospreyops.facts import Facts
from ospreyops.facts.host import LoadedImage
from ospreyops.goals import image
from ospreyops.goals.rollout import Plan, Rollout
from ospreyops.release import Release
from ospreyops.target import Target
from tests.sim.host import SimHost
from tests.sim.seen import seen
from tests.sim.states import digest
from tests.worlds import running

NAME = "osprey/service:0.4"
NEW = Release("0.4")
RUNS = digest("0.3")


def loads(facts: Facts, target: Target, archive: Optional[Archive] = None) -> list[Any]:
    return [step.do for step in image.loaded(facts, target, NEW, archive)]


def given(path: Path) -> Archive:
    return Archive(path, ImageArchive((NAME,), "sha256:given"))


def host(*, there: bool = True, loading: bool = False, **state: Any) -> SimHost:
    """A server where 0.3 serves, 0.4 lies unpacked, and perhaps in Docker."""
    found = running(loading={"0.4"} if loading else set(), unpacked={"0.4"}, **state)
    if there:
        found.load("0.4")
    return found


@pytest.mark.parametrize(
    ("there", "loading", "count"), [(True, False, 0), (False, False, 1), (True, True, 1), (False, True, 1)]
)
def test_an_image_is_loaded_where_it_is_not_there_or_was_not_loaded_to_its_end(
    there: bool, loading: bool, count: int
) -> None:
    found = loads(*seen(host(there=there, loading=loading)))
    assert len(found) == count
    assert all(isinstance(load, Load) and bool(load.remove) is loading for load in found)


def test_an_image_that_a_container_runs_is_whole_whatever_is_remembered_of_its_load() -> None:
    serves = running("0.4", loading={"0.4"})
    assert loads(*seen(serves)) == []
    serves.images.clear()
    (load,) = [one for one in loads(*seen(serves)) if isinstance(one, Load)]
    assert load.remove is None


def test_an_archive_is_loaded_unless_its_image_is_there_already(tmp_path: Path) -> None:
    path = tmp_path / "osprey-service-docker-0.4.tar"
    path.write_text("x" * 100)
    archive = given(path)
    facts, target = seen(host())
    upload, extract, load = loads(facts, target, archive)
    assert isinstance(upload, Upload) and isinstance(extract, Extract) and isinstance(load, Load)
    assert extract.consume
    same = LoadedImage("0.4", digest("0.4"), archive.key)
    assert loads(replace(facts, host=replace(facts.host, loaded=(same,))), target, archive) == []
    facts, target = seen(host(there=False))
    steps = list(image.loaded(facts, target, NEW, archive))
    assert steps[-1].why == f"{NAME} is not in Docker"


def test_nothing_is_loaded_where_docker_cannot_be_asked() -> None:
    facts, target = seen(host())
    with pytest.raises(Blocked, match="does not answer"):
        loads(replace(facts, engine=None), target)


@pytest.mark.parametrize(("free", "room"), [(None, True), (99, True), (98, False)])
def test_a_release_is_unpacked_where_there_is_room_for_it(free: Optional[int], room: bool) -> None:
    facts, target = seen(SimHost(), disk_free=free)
    if room:
        assert len(list(image.unpacked(facts, target, NEW, None))) == 1
        return
    with pytest.raises(Blocked, match="the disk of sim is full"):
        list(image.unpacked(facts, target, NEW, None))


@pytest.mark.parametrize(("free", "room"), [(200, True), (199, False)])
def test_an_archive_that_is_sent_needs_room_for_itself_too(tmp_path: Path, free: int, room: bool) -> None:
    path = tmp_path / "osprey-service-docker-0.4.tar"
    path.write_text("x" * 100)
    facts, target = seen(SimHost(), disk_free=free, writable=False)
    if room:
        upload, extract = (step.do for step in image.unpacked(facts, target, NEW, given(path)))
        assert isinstance(upload, Upload) and upload.sudo
        assert isinstance(extract, Extract) and extract.sudo
        return
    with pytest.raises(Blocked, match="the disk of sim is full"):
        list(image.unpacked(facts, target, NEW, given(path)))


def test_an_archive_is_not_sent_to_the_computer_that_it_is_on(tmp_path: Path) -> None:
    path = tmp_path / "osprey-service-docker-0.4.tar"
    path.write_text("x" * 100)
    facts, target = seen(SimHost(name="localhost"), disk_free=100)
    (extract,) = (step.do for step in image.unpacked(facts, target, NEW, given(path)))
    assert isinstance(extract, Extract) and not extract.consume and not extract.sudo


def test_a_release_that_lies_unpacked_is_not_unpacked_again() -> None:
    assert list(image.unpacked(*seen(host()), NEW, None)) == []


def test_a_folder_of_another_place_is_never_removed_after_a_load() -> None:
    facts, target = seen(host(there=False))
    (load,) = loads(facts, target)
    (other,) = loads(replace(facts, host=replace(facts.host, unpacked={"0.4": "/elsewhere/0.4"})), target)
    assert load.discard and other.discard is None


def test_what_a_failed_load_did_to_a_name_is_undone() -> None:
    (load,) = loads(*seen(host(there=False)))
    assert str(load.restore("osprey/service:0.3")) == f"docker image tag {RUNS} osprey/service:0.3"
    assert str(load.restore(NAME)) == f"docker image rm {NAME}"


def test_the_first_record_names_the_releases_that_were_there_before() -> None:
    found = host(there=False)
    found.images["osprey/service:test"] = "sha256:mine"
    first, later = (loads(*seen(found, loaded=loaded))[0] for loaded in (None, ()))
    assert f"'0.3 {RUNS}' '0.4 new source'" in str(first.record("new", "source"))
    assert RUNS not in str(later.record("new", "source"))
    assert "mine" not in str(first.record("new", "source"))
    assert str(loads(*seen(found, writable=False))[0].mark).startswith("sudo ")
    assert not str(later.mark).startswith("sudo ")


@pytest.mark.parametrize(("wanted", "renamed"), [(digest("0.4"), False), ("sha256:old", True)])
def test_a_name_is_given_back_to_the_image_that_ran(wanted: str, renamed: bool) -> None:
    facts, target = seen(host())
    assert bool(list(image.named(facts, target, NEW, wanted))) is renamed
    assert list(image.named(*seen(running()), NEW, wanted)) == []
    assert list(image.named(replace(facts, engine=None), target, NEW, wanted)) == []


def test_an_image_is_described_as_it_serves_else_as_it_is_in_docker() -> None:
    facts, _ = seen(host())
    assert facts.engine and facts.engine.service
    other = replace(facts.engine.service, digest="sha256:another")
    serves = replace(facts, engine=replace(facts.engine, service=other))
    assert image.described(serves, Release("0.3")) == "osprey/service:0.3 (sha256:another)"
    assert image.described(serves, NEW) == f"{NAME} ({digest('0.4')[:19]})"
    ended = replace(facts, engine=replace(facts.engine, service=replace(other, state="exited")))
    assert image.described(ended, Release("0.3")) == f"osprey/service:0.3 ({RUNS[:19]})"
    assert image.described(facts, Release("0.9")) == "osprey/service:0.9"
    assert image.described(replace(facts, engine=None), NEW) == NAME


def prepared(made: Plan, *, starting: bool) -> list[str]:
    return [step.outcome for step in image.prepared(made, starting=starting)]


def test_what_runs_already_needs_no_image_where_its_container_is_kept() -> None:
    facts, target = seen(running())
    assert facts.engine
    gone = replace(facts, engine=replace(facts.engine, images={}))
    for rollout in (Rollout(Release("0.3"), keep="c1"), Rollout(Release("0.3"), any_image=True)):
        assert prepared(Plan(gone, target, rollout), starting=False) == []
        assert prepared(Plan(gone, target, rollout), starting=True) == ["osprey/service:0.3 is in Docker"]
    plain = Rollout(Release("0.3"))
    assert prepared(Plan(gone, target, plain), starting=False) == ["osprey/service:0.3 is in Docker"]


def test_a_start_needs_the_name_and_the_script_and_what_runs_already_needs_neither() -> None:
    facts, target = seen(host(archives={"0.4"}))
    again = Plan(facts, target, Rollout(NEW, image="sha256:old"))
    assert prepared(again, starting=True) == [f"{NAME} is sha256:old again"]
    assert prepared(again, starting=False) == []
    bare = replace(facts, host=replace(facts.host, unpacked={}))
    assert prepared(Plan(bare, target, Rollout(NEW)), starting=True) == ["release 0.4 is unpacked"]
    assert prepared(Plan(bare, target, Rollout(NEW)), starting=False) == []
