"""An image is loaded through the gate: the real lines on this computer, and a docker command that reads as Docker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ospreyops.delivery.extract import Extract
from ospreyops.errors import Blocked, Failed
from ospreyops.facts.engine import Image
from ospreyops.facts.host import LoadedImage
from ospreyops.goals.image import loaded
from ospreyops.release import MARK
from ospreyops.target import target
from tests.delivery.here import RELEASE, Here
from tests.delivery.images import IMAGE, PACKERS, classic, configuration, digest, released, tarred, written

ID = f"sha256:{digest(configuration())}"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return Here(tmp_path)


@pytest.mark.parametrize("packer", PACKERS)
def test_a_release_is_loaded_however_its_image_is_compressed_and_is_recorded(here: Here, packer: str) -> None:
    released(here.home / RELEASE.archive, PACKERS[packer](classic(IMAGE)))
    here.load()
    assert here.images == [ID.removeprefix("sha256:")]
    assert here.own.loaded == (LoadedImage("0.3", ID, ID),)
    assert here.own.own == {f"{here.folder}/0.3"}
    assert here.notes() == {"loaded"}


def test_the_images_that_this_tool_had_healthy_before_the_record_are_in_it(here: Here) -> None:
    released(here.home / RELEASE.archive, PACKERS["bzip2"](classic(IMAGE)))
    (here.folder / ".ospreyops").mkdir()
    (here.folder / ".ospreyops/healthy").write_text("0.2\n")
    assert here.own.loaded is None
    here.load(**{tag: Image(f"osprey/service:{tag}", f"sha256:{tag[-1]}", 1, 1) for tag in ("0.1", "0.2", "x")})
    assert here.own.loaded == (LoadedImage("0.2", "sha256:2"), LoadedImage("0.3", ID, ID))


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (classic("osprey/service:9.9"), "holds osprey/service:9.9, not osprey/service:0.3"),
        (classic(IMAGE, "mylab/db:1"), "also holds mylab/db:1"),
        (classic(IMAGE, config=configuration("arm64")), "is built for arm64, and Docker is on amd64"),
        (classic(IMAGE)[:9000], "ends too early"),
    ],
)
@pytest.mark.parametrize("packer", ["bzip2", "plain"])
def test_a_bad_image_is_refused_before_docker_takes_anything_and_leaves_nothing_behind(
    here: Here, image: bytes, said: str, packer: str
) -> None:
    released(here.home / RELEASE.archive, PACKERS[packer](image))
    with pytest.raises(Failed, match=r"tar\.bz2 cannot be loaded") as refused:
        here.load()
    assert said in refused.value.case
    assert refused.value.hint == "--from a good copy of the archive"
    assert here.images == []
    assert here.notes() == set()
    assert not (here.folder / "0.3").exists()


def test_a_bad_image_in_a_folder_of_somebody_elses_is_left_there(here: Here) -> None:
    folder = here.folder / "0.3"
    folder.mkdir()
    written(folder / RELEASE.image_archive, classic("osprey/service:9.9"))
    (folder / "osprey-service").touch()
    with pytest.raises(Failed, match=r"holds osprey/service:9\.9"):
        here.load()
    assert {path.name for path in folder.iterdir()} == {RELEASE.image_archive, "osprey-service"}


def test_what_docker_itself_refuses_is_told_in_its_words_and_remembered(here: Here) -> None:
    written(here.home / "bin/docker", b"#!/bin/sh\ncat >/dev/null; echo no space left on device >&2; exit 1\n")
    released(here.home / RELEASE.archive, PACKERS["bzip2"](classic(IMAGE)))
    with pytest.raises(Failed, match="no space left on device") as failed:
        here.load()
    assert "is a disk full?" in failed.value.hint
    assert here.notes() == {"loading-0.3"}
    assert (here.folder / "0.3").exists()


def test_a_missing_program_is_named(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    released(here.home / RELEASE.archive, PACKERS["zstd"](classic(IMAGE)))
    real = "/usr/bin"
    for name in ("sh", "perl", "tar", "find", "mkdir", "mv", "rm", "rmdir", "date", "chmod", "sync", "grep", "env"):
        (here.home / "bin" / name).symlink_to(f"{real}/{name}")
    steps = list(loaded(here.facts(), target(here.settings), RELEASE))
    monkeypatch.setattr("ospreyops.remote.protocol.PATH", f"PATH={here.home}/bin; export PATH; ")
    steps[0].do.perform(here.host)
    with pytest.raises(Failed, match="zstd is not installed"):
        steps[1].do.perform(here.host)
    assert (here.folder / "0.3").exists()


@pytest.mark.parametrize("data", [b"", b"no tar at all" * 99, tarred([("../evil", b"")]), tarred([("README.md", b"")])])
def test_an_archive_that_is_refused_after_it_was_sent_does_not_stay(here: Here, data: bytes) -> None:
    incoming = here.folder / ".incoming"
    incoming.mkdir()
    archive = written(incoming / RELEASE.archive, data)
    extract = Extract(RELEASE, str(archive), f"{here.folder}/0.3", consume=True)
    with pytest.raises((Failed, Blocked)):
        extract.perform(here.host)
    assert list(incoming.iterdir()) == []
    assert not (here.folder / "0.3").exists()


def test_an_archive_of_the_host_that_is_refused_stays_where_it_is(here: Here) -> None:
    archive = written(here.home / RELEASE.archive, b"no tar at all" * 99)
    with pytest.raises(Failed):
        Extract(RELEASE, str(archive), f"{here.folder}/0.3").perform(here.host)
    assert archive.exists()


def test_unpacking_marks_the_folder_with_all_that_is_in_it(here: Here) -> None:
    archive = released(here.home / RELEASE.archive, b"BZh9")
    Extract(RELEASE, str(archive), f"{here.folder}/0.3").perform(here.host)
    *listed, source = (here.folder / "0.3" / MARK).read_text().splitlines()
    assert source == f"sha256:{digest(archive.read_bytes())}"
    assert sorted(listed) == sorted(f"./{path.name}" for path in (here.folder / "0.3").iterdir())


def test_an_archive_that_tar_refuses_without_a_word_is_said_to_be_damaged(here: Here) -> None:
    (here.home / "bin" / "tar").write_text("#!/bin/sh\nexit 2\n")
    (here.home / "bin" / "tar").chmod(0o755)
    archive = released(here.home / RELEASE.archive, b"BZh9")
    with pytest.raises(Failed, match="is damaged: it printed nothing"):
        Extract(RELEASE, str(archive), f"{here.folder}/0.3").perform(here.host)
