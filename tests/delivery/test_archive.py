"""An archive of this computer is judged before it is sent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ospreyops.delivery import image_archive
from ospreyops.delivery.archive import archive
from ospreyops.errors import Blocked, Failed
from ospreyops.release import Release
from tests.delivery.images import IMAGE, PACKERS, classic, configuration, digest, oci, released, tarred, written

Layout = Callable[..., bytes]
LAYOUTS: list[Layout] = [classic, oci]
RELEASE = Release("0.3")
ID = f"sha256:{digest(configuration())}"


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_archive_tells_whose_image_it_has_however_it_is_compressed(
    tmp_path: Path, layout: Layout, packer: str
) -> None:
    found = archive(str(released(tmp_path / "release.tar", PACKERS[packer](layout(IMAGE)))), RELEASE)
    assert found.image == image_archive.ImageArchive((IMAGE,), ID, "amd64", ("0.3",))
    assert found.key == ID


def test_a_bzip2_archive_is_read_from_its_end_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_archive, "_decoded", None)
    packed = PACKERS["bzip2"](classic(IMAGE, layer=os.urandom(6_000_000)))
    found = archive(str(released(tmp_path / "release.tar", packed)), RELEASE)
    assert found.image and (found.image.names, found.image.digest) == ((IMAGE,), ID)


def test_an_archive_with_its_names_at_the_begin_is_read_whole(tmp_path: Path) -> None:
    packed = PACKERS["bzip2"](classic(IMAGE, layer=os.urandom(6_000_000), first=True))
    found = archive(str(released(tmp_path / "release.tar", packed)), RELEASE)
    assert found.key == ID


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=3000), st.integers(1, 9), st.integers(1, 3000))
def test_the_blocks_in_the_end_of_a_file_are_the_end_of_what_it_decodes_to(data: bytes, level: int, size: int) -> None:
    import bz2

    packed = b"".join(bz2.compress(data[at : at + size], level) for at in range(0, len(data), size))
    assert image_archive.last_blocks(packed) == data
    for begin in range(0, len(packed), max(1, len(packed) // 7)):
        assert data.endswith(image_archive.last_blocks(packed[begin:]))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("names", [(), ("osprey/service:9.9",), (IMAGE, "mylab/db:1")])
def test_an_archive_with_another_name_in_it_is_refused(tmp_path: Path, layout: Layout, names: tuple[str, ...]) -> None:
    packed = PACKERS["bzip2"](layout(*names))
    with pytest.raises(Failed, match=r"not osprey/service:0\.3 alone") as refused:
        archive(str(released(tmp_path / "release.tar", packed)), RELEASE)
    assert all(name in refused.value.case for name in names)


@pytest.mark.parametrize("packer", PACKERS)
def test_a_damaged_archive_is_refused(tmp_path: Path, packer: str) -> None:
    packed = PACKERS[packer](classic(IMAGE).rstrip(b"\0"))
    for end in (0, 5, len(packed) // 2, len(packed) - 9):
        with pytest.raises(Failed, match=r"damaged|holds no image"):
            archive(str(released(tmp_path / "release.tar", packed[:end])), RELEASE)


@pytest.mark.parametrize("end", [0, 3, 700, 3000, -1])
def test_a_release_that_was_cut_off_is_refused(tmp_path: Path, end: int) -> None:
    whole = released(tmp_path / "whole.tar", PACKERS["bzip2"](classic(IMAGE))).read_bytes().rstrip(b"\0")
    with pytest.raises((Failed, Blocked)):
        archive(str(written(tmp_path / "release.tar", whole[:end])), RELEASE)


def test_both_checks_of_the_members_are_made_here_too(tmp_path: Path) -> None:
    image = ("osprey-service-docker-0.3.tar.bz2", PACKERS["bzip2"](classic(IMAGE)))
    outside = written(tmp_path / "outside.tar", tarred([("osprey-service", b""), image, ("../evil", b"")]))
    with pytest.raises(Blocked, match=r"\.\./evil lies outside of its folder"):
        archive(str(outside), RELEASE)
    with pytest.raises(Blocked, match="it has no osprey-service"):
        archive(str(written(tmp_path / "no-script.tar", tarred([image]))), RELEASE)


def test_an_archive_that_nothing_here_can_decode_is_known_by_its_sha256(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = released(tmp_path / "release.tar", PACKERS["zstd"](classic(IMAGE)))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = archive(str(path), RELEASE)
    assert found.image is None
    assert found.key == f"archive:{digest(path.read_bytes())}"
