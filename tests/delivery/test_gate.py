"""What of an image archive gets to Docker: all of it, or nothing that Docker would take."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.delivery.gate import GATE, NAMING, members
from tests.delivery.images import IMAGE, PACKERS, classic, configuration, digest, oci, tarred, written

Layout = Callable[..., bytes]
LAYOUTS: list[Layout] = [classic, oci]
TAGS = st.sampled_from(
    [IMAGE, "osprey/service:0.4", "mylab/db:1", "localhost/osprey/service:0.3", "osprey/service:0.33"]
)


def passed(file: Path, image: str = IMAGE, engine: str = "amd64", path: str = "") -> tuple[bytes, str]:
    """What the gate passes on of an archive, and what it says of it."""
    env = {**os.environ, "PATH": path or os.environ["PATH"]}
    perl = ["/usr/bin/perl", "-w", str(GATE), str(file), image, engine]
    done = subprocess.run(perl, capture_output=True, timeout=20, env=env)
    said = [line for line in done.stderr.decode(errors="replace").splitlines() if line.startswith("gate: ")]
    assert len(said) == 1, done.stderr
    assert (done.returncode == 0) == said[0].startswith("gate: image ")
    return done.stdout, said[0]


def refused(file: Path, image: str = IMAGE, engine: str = "amd64", path: str = "") -> str:
    """Why the gate refuses an archive; Docker can take nothing of what was passed on, and learns no name of it."""
    data, said = passed(file, image, engine, path)
    assert members(data) is None
    assert not any(name.encode() in data for name in NAMING)
    return said


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_good_archive_is_passed_on_however_it_is_compressed(tmp_path: Path, layout: Layout, packer: str) -> None:
    plain = layout(IMAGE)
    data, said = passed(written(tmp_path / "image.tar.bz2", PACKERS[packer](plain)))
    assert said == f"gate: image sha256:{digest(configuration())}"
    assert members(data) == members(plain)


def test_an_archive_whose_names_come_first_is_passed_on_with_its_names_last(tmp_path: Path) -> None:
    plain = classic(IMAGE, first=True)
    data, _ = passed(written(tmp_path / "image.tar", plain))
    found = members(data)
    assert found == members(plain)
    assert list(found or ())[-2:] == ["manifest.json", "repositories"]


def test_a_big_layer_and_an_odd_file_are_passed_on_to_the_byte(tmp_path: Path) -> None:
    plain = classic(IMAGE, layer=os.urandom(3_000_001))
    data, _ = passed(written(tmp_path / "a 'file' $HOME.tar", plain))
    assert members(data) == members(plain)


def test_an_archive_without_dockers_own_manifest_is_judged_by_the_oci_index(tmp_path: Path) -> None:
    assert passed(written(tmp_path / "a", oci(IMAGE, manifest=False)))[1] == "gate: image -"
    assert "also holds mylab/db:1" in refused(written(tmp_path / "b", oci(IMAGE, "mylab/db:1", manifest=False)))
    arm = oci(IMAGE, config=configuration("arm64"), manifest=False)
    assert "built for arm64, and Docker is on amd64" in refused(written(tmp_path / "c", arm))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TAGS, unique=True, max_size=3), st.sampled_from(LAYOUTS), st.booleans())
def test_no_archive_gives_another_name_than_the_one_that_is_meant(
    tmp_path: Path, names: list[str], layout: Layout, packed: bool
) -> None:
    plain = layout(*names)
    file = written(tmp_path / "image", PACKERS["bzip2" if packed else "plain"](plain))
    if names == [IMAGE]:
        assert members(passed(file)[0]) == members(plain)
        return
    said = refused(file)
    assert said.startswith("gate: other ")
    assert all(name in said for name in {*names} - {IMAGE})


def test_two_images_in_one_archive_are_refused(tmp_path: Path) -> None:
    manifest = [{"Config": "1.json", "RepoTags": [IMAGE]}, {"Config": "2.json", "RepoTags": None}]
    plain = tarred([("1.json", configuration()), ("2.json", configuration()), ("manifest.json", json.dumps(manifest))])
    assert refused(written(tmp_path / "image", plain)) == "gate: other it holds 2 images"


def test_a_second_manifest_further_on_in_the_archive_is_the_one_that_counts(tmp_path: Path) -> None:
    good, other = (json.dumps([{"Config": "1.json", "RepoTags": [name]}]) for name in (IMAGE, "mylab/db:1"))
    plain = tarred([("1.json", configuration()), ("manifest.json", good), ("manifest.json", other)])
    assert "holds mylab/db:1, not osprey/service:0.3" in refused(written(tmp_path / "image", plain))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_image_of_another_architecture_is_refused(tmp_path: Path, layout: type) -> None:
    file = written(tmp_path / "image", layout(IMAGE, config=configuration("arm64")))
    assert refused(file) == "gate: other it is built for arm64, and Docker is on amd64"
    assert passed(file, engine="arm64")[1].startswith("gate: image ")
    assert passed(file, engine="")[1].startswith("gate: image ")


@pytest.mark.parametrize("packer", PACKERS)
def test_an_archive_that_was_cut_off_anywhere_is_refused(tmp_path: Path, packer: str) -> None:
    whole = PACKERS[packer](classic(IMAGE).rstrip(b"\0"))
    for end in (0, 1, 3, len(whole) // 3, len(whole) // 2, len(whole) * 9 // 10):
        said = refused(written(tmp_path / "image", whole[:end]))
        assert said.startswith("gate: damaged "), said


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 25_000))
def test_a_plain_archive_that_was_cut_off_at_any_byte_gives_no_name(tmp_path: Path, end: int) -> None:
    plain = classic(IMAGE)
    file = written(tmp_path / "image", plain[: min(end, len(plain.rstrip(b"\0")))])
    assert refused(file).startswith("gate: damaged ")


@pytest.mark.parametrize("packer", ["bzip2", "gzip", "xz", "zstd"])
def test_an_archive_with_a_wrong_byte_is_refused(tmp_path: Path, packer: str) -> None:
    packed = bytearray(PACKERS[packer](classic(IMAGE, layer=os.urandom(50_000))))
    packed[len(packed) // 2] ^= 0xFF
    assert refused(written(tmp_path / "image", bytes(packed))).startswith("gate: damaged ")


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    assert refused(written(tmp_path / "image", b"<html>Not Found</html>" * 99)) == "gate: damaged it is not a tar"
    assert refused(tmp_path / "none") == f"gate: unread {tmp_path / 'none'} cannot be opened"


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    file = written(tmp_path / "image", PACKERS["bzip2"](classic(IMAGE)))
    assert refused(file, path=str(tmp_path)).startswith("gate: unread bzip2 is not installed")


def test_without_bzip2_python_decodes(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "python3").symlink_to("/usr/bin/python3")
    file = written(tmp_path / "image", PACKERS["bzip2"](classic(IMAGE)))
    assert passed(file, path=str(tools))[1].startswith("gate: image ")


def test_without_lbzip2_all_processors_decode(tmp_path: Path) -> None:
    tools, unzip = tmp_path / "tools", GATE.with_name("unzip.pl").read_text()
    tools.mkdir()
    for name in ("bzip2", "perl", "sh", "getconf"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    plain = classic(IMAGE, layer=os.urandom(4_000_000))
    file = written(tmp_path / "image", PACKERS["bzip2"](plain))
    line = ["/usr/bin/perl", str(GATE), str(file), IMAGE, "amd64", unzip]
    done = subprocess.run(line, capture_output=True, timeout=20, env={"PATH": str(tools)})
    assert members(done.stdout) == members(plain)
    told = re.findall(r"^ospreyops: (\d+) of (\d+)$", done.stderr.decode(), re.MULTILINE)
    assert told and all(int(read) <= int(whole) == file.stat().st_size for read, whole in told)


def test_the_gate_tells_how_much_of_the_archive_is_read(tmp_path: Path) -> None:
    file = written(tmp_path / "image.tar.bz2", PACKERS["bzip2"](classic(IMAGE)))
    done = subprocess.run(["/usr/bin/perl", str(GATE), str(file), IMAGE, ""], capture_output=True, timeout=20)
    told = re.findall(rf"^ospreyops: (\d+) of {file.stat().st_size}$", done.stderr.decode(), re.MULTILINE)
    assert told and int(told[-1]) == file.stat().st_size
