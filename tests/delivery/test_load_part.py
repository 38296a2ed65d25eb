"""An upgrade through the real lines on this computer, and a docker command that has an image before."""

from __future__ import annotations

import bz2
import os
from dataclasses import replace
from pathlib import Path

import pytest

from ospreyops.errors import Failed
from ospreyops.facts.engine import Image
from tests.delivery.counting import DOCKER, given, loads
from tests.delivery.here import RELEASE, Here
from tests.delivery.images import IMAGE, released, written
from tests.delivery.layered import classic, diffs

BASE, SERVICE = b"base" * 5000, b"service" * 100
BEFORE = Image("osprey/service:0.2", f"sha256:{'2' * 64}", 1, 1, layers=tuple(diffs([BASE, b"0.2"])))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """This computer, where this tool loaded 0.2 before, which has the lower layer of 0.3."""
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    host = Here(tmp_path)
    written(tmp_path / "bin/docker", DOCKER.encode())
    released(tmp_path / RELEASE.archive, bz2.compress(classic([BASE, SERVICE])))
    (host.folder / ".ospreyops").mkdir()
    written(host.folder / ".ospreyops/loaded", f"0.2 {BEFORE.digest}\n".encode())
    return host


WHOLE = ["0/json", "0/layer.tar", "1/json", "1/layer.tar"]


def test_an_upgrade_gives_docker_the_new_layers_alone(here: Here) -> None:
    here.load(**{"0.2": BEFORE})
    (members,) = loads(here)
    assert len([name for name in members if name.startswith("blobs/")]) == 3  # the layer, and what describes the image
    assert f"blobs/{diffs([SERVICE])[0].replace(':', '/')}" in members
    assert here.notes() == {"loaded"}
    assert here.own.loaded and here.own.loaded[-1].version == "0.3"


def test_a_part_that_docker_does_not_take_is_followed_by_the_whole_and_leaves_no_name(here: Here) -> None:
    (here.home / "bin/lost").touch()
    here.load(**{"0.2": BEFORE})
    part, whole = loads(here)
    assert "index.json" in part and whole[: len(WHOLE)] == WHOLE
    assert given(here) == ["load", f"image rm {IMAGE}", "load", "info", "image inspect"]
    assert here.notes() == {"loaded"}


@pytest.mark.parametrize("version", ["0.2", "0.3"])
def test_after_a_load_that_did_not_end_the_whole_is_loaded(here: Here, version: str) -> None:
    (here.folder / f".ospreyops/loading-{version}").touch()
    here.load(**{"0.2": BEFORE})
    assert loads(here)[0][: len(WHOLE)] == WHOLE


def test_the_layers_of_an_image_that_this_tool_did_not_load_are_loaded_again(here: Here) -> None:
    here.load(**{"0.2": replace(BEFORE, digest=f"sha256:{'4' * 64}")})
    assert loads(here)[0][: len(WHOLE)] == WHOLE


def test_an_upgrade_to_a_damaged_archive_is_refused_as_ever(here: Here) -> None:
    packed = bytearray(bz2.compress(classic([BASE, os.urandom(4_000_000)])))
    packed[len(packed) // 8] ^= 1
    released(here.home / RELEASE.archive, bytes(packed))
    with pytest.raises(Failed, match=r"cannot be loaded: it "):
        here.load(**{"0.2": BEFORE})
    assert not (here.home / "bin/loads").exists()
    assert here.notes() == {"loaded"}
