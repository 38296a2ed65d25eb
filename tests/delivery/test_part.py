"""The part of a release archive that a host needs: made here, by the real gate."""

from __future__ import annotations

import bz2
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ospreyops.console import Console, Screen
from ospreyops.delivery.archive import archive
from ospreyops.delivery.extract import Extract, PartOf
from ospreyops.delivery.part import NoPartError, Part
from ospreyops.delivery.partial import words
from ospreyops.delivery.source import sha256
from ospreyops.errors import Blocked, Failed
from ospreyops.release import LAYERS, SCRIPT, Release, check_members
from ospreyops.remote.host import Host
from ospreyops.settings import HERE, Settings
from tests.delivery.gate import members
from tests.delivery.images import IMAGE, PACKERS, digest, listed, released, written
from tests.delivery.layered import classic, config_of, diffs, oci

RELEASE = Release("0.3")
LAYOUTS: list[Callable[[Sequence[bytes]], bytes]] = [classic, oci]
LAYER = st.sampled_from([b"base" * 5000, b"service" * 100, b"", b"x" * 512])
quick = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


def part(path: Path, known: Sequence[bytes]) -> Part:
    """The part of a release archive for a host with these layers."""
    image = archive(str(path), RELEASE).image
    assert image
    return Part(path, RELEASE, words(image.texts, [diffs(known)], RELEASE.image), "0.2")


def made(one: Part) -> Path:
    return one.made(Console(Screen(), "here"))


def content(path: Path, name: str) -> bytes:
    with tarfile.open(path) as tar:
        file = tar.extractfile(name)
        assert file
        return file.read()


@quick
@given(st.lists(LAYER, min_size=1, max_size=4), st.integers(1, 4), st.sampled_from(LAYOUTS))
def test_a_part_has_the_scripts_and_the_layers_that_the_host_lacks(
    tmp_path: Path, layers: list[bytes], shared: int, layout: Callable[[Sequence[bytes]], bytes]
) -> None:
    whole = released(tmp_path / RELEASE.archive, bz2.compress(layout(layers)))
    path = made(part(whole, layers[:shared]))
    check_members(RELEASE, *listed(path), LAYERS)
    assert content(path, SCRIPT) == content(whole, SCRIPT) and content(path, "README.md") == b"read me"
    found = members(bz2.decompress(content(path, LAYERS))) or {}
    blobs = {name.rpartition("/")[2] for name in found}
    assert digest(config_of(layers)) in blobs
    assert blobs & {*map(digest, layers)} == {*map(digest, layers[shared:])}


@pytest.mark.parametrize("packer", sorted(PACKERS))
def test_a_part_is_made_of_an_archive_however_it_is_compressed(tmp_path: Path, packer: str) -> None:
    layers = [b"base" * 5000, b"service" * 100]
    path = made(part(released(tmp_path / RELEASE.archive, PACKERS[packer](classic(layers))), layers[:1]))
    assert f"blobs/sha256/{digest(layers[1])}" in (members(bz2.decompress(content(path, LAYERS))) or {})


def test_an_archive_that_was_replaced_meanwhile_gives_another_part(tmp_path: Path) -> None:
    base = b"base" * 5000
    for layers in ([base], [base, base]):
        path = made(part(released(tmp_path / RELEASE.archive, bz2.compress(oci(layers))), layers))
        found = members(bz2.decompress(content(path, LAYERS))) or {}
        assert f"blobs/sha256/{digest(config_of(layers))}" in found


def test_the_same_part_is_made_once_and_has_the_same_bytes_in_another_run(tmp_path: Path) -> None:
    layers = [b"base" * 5000, b"service" * 100]
    whole = released(tmp_path / RELEASE.archive, bz2.compress(classic(layers)))
    one = part(whole, layers[:1])
    path = made(one)
    before, at = sha256(path), path.stat().st_mtime_ns
    assert made(part(whole, layers[:1])) == path and path.stat().st_mtime_ns == at
    path.unlink()
    assert sha256(made(one)) == before
    assert [entry.name for entry in path.parent.iterdir()] == [RELEASE.archive]


def test_a_damaged_archive_is_refused_and_one_that_is_gone_gives_no_part(tmp_path: Path) -> None:
    layers = [b"base" * 5000, bytes(range(256)) * 9000]
    whole = released(tmp_path / RELEASE.archive, bz2.compress(classic(layers)))
    one, data = part(whole, layers[:1]), bytearray(whole.read_bytes())
    data[len(data) // 2] ^= 255
    written(whole, bytes(data))
    with pytest.raises(Failed, match="cannot be loaded: it "):
        made(one)
    whole.unlink()
    with pytest.raises(NoPartError, match="No such file"):
        made(one)


def test_a_part_gives_no_other_name_than_the_releases(tmp_path: Path) -> None:
    layers = [b"base" * 5000, b"service" * 100]
    whole = released(tmp_path / RELEASE.archive, bz2.compress(classic(layers)))
    one = part(whole, layers[:1])
    other = classic(layers).replace(IMAGE.encode(), b"osprey/service:9.9")
    released(whole, bz2.compress(other))
    with pytest.raises(Failed, match=r"it holds osprey/service:9\.9"):
        made(one)


def test_a_whole_archive_is_not_unpacked_as_a_part(tmp_path: Path) -> None:
    archive = released(tmp_path / RELEASE.archive, b"BZh9")
    extract = Extract(RELEASE, str(archive), str(tmp_path / "0.3"), part_of=PartOf("ab" * 32, "0.2"))
    with pytest.raises(Blocked, match=f"it has no {LAYERS}"):
        extract.perform(Host(Settings(HERE), Console(Screen(), "here")))
    assert not (tmp_path / "0.3").exists()
