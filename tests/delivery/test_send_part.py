"""A release is sent to a host that has most of its layers: the real lines, and a docker that counts."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ospreyops.delivery.archive import archive
from ospreyops.delivery.send_part import SendPart
from ospreyops.delivery.source import sha256
from ospreyops.delivery.upload import Upload
from ospreyops.errors import Blocked, Failed
from ospreyops.facts.engine import Image
from ospreyops.release import LAYERS, SCRIPT
from tests.delivery.counting import given, loads
from tests.delivery.far import BASE, BEFORE, OLD, SERVICE, Far
from tests.delivery.here import RELEASE
from tests.delivery.images import IMAGE
from tests.delivery.layered import diffs


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Far:
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return Far(tmp_path)


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How big each file was that was uploaded."""
    found: list[int] = []
    perform = Upload.perform

    def noted(self: Upload, host: Any) -> None:
        found.append(self.source.stat().st_size)
        perform(self, host)

    monkeypatch.setattr(Upload, "perform", noted)
    return found


PART, WHOLE = {SCRIPT, "README.md", LAYERS}, {SCRIPT, "README.md", RELEASE.image_archive}


def test_only_the_new_layers_are_sent_and_docker_gets_no_other(far: Far, sizes: list[int]) -> None:
    (step,) = far.steps()
    assert step.why == f"{IMAGE} is not in Docker; most of its layers are, with 0.2"
    step.do.perform(far.host)
    (members,) = loads(far)
    assert f"blobs/{diffs([SERVICE])[0].replace(':', '/')}" in members
    assert f"blobs/{diffs([BASE])[0].replace(':', '/')}" not in members
    assert len(sizes) == 1 and sizes[0] * 100 < far.archive.stat().st_size * 8
    assert far.files() == PART and far.notes() == {"loaded"}
    assert list((far.folder / ".incoming").iterdir()) == []


def test_what_came_in_part_is_known_and_is_never_taken_for_the_whole(far: Far) -> None:
    far.send()
    own = far.own
    assert own.parts == {"0.3": OLD} and "0.3" not in own.unpacked and f"{far.folder}/0.3" in own.own
    assert own.unpacked_from["0.3"] == sha256(far.archive)
    assert own.script_folder("0.3") == f"{far.folder}/0.3" and f"{far.folder}/0.3" in own.script_folders
    image = Image(IMAGE, f"sha256:{'3' * 64}", 1, 1, layers=tuple(diffs([BASE, SERVICE])))
    assert own.loaded and own.loaded[-1].source == archive(str(far.archive), RELEASE).key
    assert far.steps({OLD: BEFORE, "0.3": image}) == []


def test_a_part_that_docker_does_not_take_is_followed_by_the_whole_and_leaves_no_name(
    far: Far, sizes: list[int]
) -> None:
    (far.home / "bin/lost").touch()
    far.send()
    assert ["index.json" in members for members in loads(far)] == [True, False]
    assert given(far) == ["load", f"image rm {IMAGE}", "load", "info", "image inspect"]
    assert sizes[1:] == [far.archive.stat().st_size]
    assert far.files() == WHOLE and far.notes() == {"loaded"}
    assert far.own.parts == {} and far.own.unpacked["0.3"] == f"{far.folder}/0.3"


def test_where_no_part_can_be_made_the_whole_is_sent(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    (step,) = far.steps()
    monkeypatch.setattr("ospreyops.delivery.part.program", lambda *_: "die")
    step.do.perform(far.host)
    assert far.files() == WHOLE


def test_a_damaged_archive_is_refused_before_anything_is_sent(far: Far) -> None:
    (step,) = far.steps()
    data = bytearray(far.archive.read_bytes())
    data[len(data) // 2] ^= 255
    far.archive.write_bytes(data)
    with pytest.raises(Failed, match="cannot be loaded"):
        step.do.perform(far.host)
    assert not (far.folder / ".incoming").exists() and not (far.folder / "0.3").exists()


def test_the_layers_are_loaded_again_on_top_of_those_of_the_other_release(far: Far) -> None:
    far.send()
    (step,) = far.steps(sent=False)
    assert step.why.endswith("its upper layers are on the host")
    step.do.perform(far.host)
    first, again = loads(far)
    assert first == again


def test_without_the_release_below_nothing_is_loaded_and_the_archive_is_asked_for(far: Far) -> None:
    far.send()
    far.below.unlink()
    with pytest.raises(Blocked, match=r"release 0\.3 is not on") as refused:
        far.steps(sent=False)
    assert refused.value.hint.startswith("--from FILE") and refused.value.evidence.endswith("there are: 0.2")


@pytest.mark.parametrize("gone", [SCRIPT, LAYERS])
def test_a_folder_whose_start_script_or_layers_are_gone_is_no_release(far: Far, gone: str) -> None:
    far.send()
    (far.folder / "0.3" / gone).unlink()
    assert far.own.parts == {} and f"{far.folder}/0.3" not in far.own.script_folders


def test_layers_that_docker_refuses_later_want_the_archive_again(far: Far) -> None:
    far.send()
    (far.home / "bin/lost").touch()
    (step,) = far.steps(sent=False)
    with pytest.raises(Failed, match="cannot be loaded") as refused:
        step.do.perform(far.host)
    assert refused.value.hint.startswith("--from FILE")
    assert far.files() == PART


def test_the_release_below_is_loaded_first_where_docker_has_lost_it(far: Far) -> None:
    far.send()
    below, upper = far.steps({}, sent=False)
    assert below.outcome == "osprey/service:0.2 is in Docker" and upper.outcome == f"{IMAGE} is in Docker"


@pytest.mark.parametrize("pin", ["good", "other"])
def test_a_pin_is_of_the_whole_archive_and_holds_for_its_part(far: Far, pin: str) -> None:
    digest = sha256(far.archive) if pin == "good" else "0" * 64
    (step,) = far.steps()
    assert isinstance(step.do, SendPart)
    do = replace(step.do, extract=replace(step.do.extract, pin=digest))
    if pin == "good":
        do.perform(far.host)
        assert far.files() == PART
        far.pins = {"0.3": digest}
        assert len(far.steps(sent=False)) == 1
        far.pins = {"0.3": "0" * 64}
        with pytest.raises(Blocked):
            far.steps(sent=False)
        return
    with pytest.raises(Blocked, match=r"is not the archive that osprey\.releases names"):
        do.perform(far.host)
    assert not (far.folder / ".incoming").exists()


@pytest.mark.parametrize("words", ["receive.pl", "tar -xof", "docker load", "loading-0.3"])
def test_a_run_that_ends_anywhere_leaves_nothing_that_is_taken_for_whole(
    far: Far, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    run = far.host.run

    def broken(command: Any) -> Any:
        if words in command.line:
            raise KeyboardInterrupt
        return run(command)

    def cut(command: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(far.host, "run", broken)
    if words == "receive.pl":
        monkeypatch.setattr(far.host, "stream", cut)
    with pytest.raises(KeyboardInterrupt):
        far.send()
    monkeypatch.undo()
    monkeypatch.setenv("PATH", f"{far.home}/bin:{os.environ['PATH']}")
    assert "0.3" not in far.own.unpacked
    assert not far.own.loaded or [image.version for image in far.own.loaded] == [OLD]
    far.send()
    assert far.own.loaded and far.own.loaded[-1].version == "0.3" and far.notes() == {"loaded"}
    assert far.files() == (WHOLE if words == "docker load" else PART)


def test_a_broken_upload_is_not_followed_by_the_whole(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise Failed("it did not arrive whole")

    monkeypatch.setattr(Upload, "perform", broken)
    with pytest.raises(Failed, match="did not arrive"):
        far.send()
    assert not (far.home / "bin/loads").exists()
