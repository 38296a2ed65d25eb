"""The same image is loaded again: the real lines on this computer, and a docker command that reads as Docker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ospreyops.errors import Failed
from tests.delivery.here import RELEASE, Here
from tests.delivery.images import IMAGE, PACKERS, classic, released, written


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """This computer, where the release was loaded once, and where nothing decodes bzip2 any more."""
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    host = Here(tmp_path)
    released(tmp_path / RELEASE.archive, PACKERS["bzip2"](classic(IMAGE)))
    host.load()
    for name in ("lbzip2", "bzip2"):
        written(tmp_path / "bin" / name, b"#!/bin/sh\nexit 1\n").chmod(0o755)
    return host


def decoding(here: Here) -> None:
    """Have bzip2 decode again."""
    for name in ("lbzip2", "bzip2"):
        (here.home / "bin" / name).unlink()


def kept(here: Here) -> list[Path]:
    return sorted((here.folder / ".decoded").iterdir())


def test_an_image_that_docker_lost_is_loaded_again_without_decoding(here: Here) -> None:
    assert here.own.decoded == {"0.3"}
    here.load()
    assert len(here.images) == 2 and len(set(here.images)) == 1
    assert here.notes() == {"loaded"}


def test_what_was_kept_and_is_damaged_is_removed_and_the_archive_is_loaded(here: Here) -> None:
    (file,) = kept(here)
    before = file.read_bytes()
    with file.open("r+b") as opened:
        opened.seek(2000)
        opened.write(b"x")
    decoding(here)
    here.load()
    assert len(here.images) == 2 and here.notes() == {"loaded"}
    assert kept(here) == [file] and file.read_bytes() == before
    assert (here.folder / "0.3").exists()


def test_an_archive_in_the_place_of_the_one_that_was_decoded_is_read(here: Here) -> None:
    packed = PACKERS["bzip2"](classic("osprey/service:9.9"))
    inner = here.folder / "0.3" / RELEASE.image_archive
    inner.unlink()
    written(inner, packed)
    decoding(here)
    with pytest.raises(Failed, match=r"holds osprey/service:9\.9"):
        here.load()


def test_what_cannot_be_removed_is_named_and_the_release_stays(here: Here) -> None:
    (file,) = kept(here)
    file.unlink()
    file.mkdir()
    decoding(here)
    with pytest.raises(Failed, match=r"0\.3_\S+\.tar is damaged") as failed:
        here.load()
    assert failed.value.hint == "remove it there"
    assert (here.folder / "0.3").exists() and len(here.images) == 1
