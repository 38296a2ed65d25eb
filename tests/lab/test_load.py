"""What a real engine makes of image archives that come through the gate: all of it, or nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ospreyops.tools.docker import load
from tests.conftest import PROJECT, Inv
from tests.delivery.images import PACKERS, classic, configuration, released, written
from tests.lab.engine import Engine
from tests.lab.hosts import Releases
from tests.lab.processes import having
from tests.lab.wait import until

GATE = PROJECT / "ospreyops/delivery/gate.pl"
IMAGE, OTHER = "osprey/service:0.3", "mylab/db:1"


@pytest.fixture
def empty(engine: Engine) -> Iterator[Engine]:
    """An engine without an image of ours."""
    yield engine
    for name in named(engine):
        engine.docker("image", "rm", "--force", name)


def named(engine: Engine) -> list[str]:
    """The names of the service's images and of another one."""
    names = engine.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split()
    return sorted(name for name in names if name.startswith(("osprey/", "mylab/")))


def saved(engine: Engine, archive: Path, *names: str) -> bytes:
    """What `docker save` writes of the sample image under these names; afterwards none of them is there."""
    engine.docker("load", stdin=archive)
    for name in names:
        engine.docker("tag", IMAGE, name)
    line = ["docker", "--host", engine.host, "save", *names]
    data = subprocess.run(line, capture_output=True, check=True, timeout=120).stdout
    engine.docker("image", "rm", "--force", *{IMAGE, *names})
    return data


def gated(engine: Engine, file: Path, tools: Path = Path("/usr/bin")) -> subprocess.Popen[str]:
    """A file on its way through the gate; tools: where a program that decodes is looked for first."""
    line = f"perl {GATE} {file} {IMAGE} amd64 | {load(IMAGE)}"
    env = {**os.environ, "DOCKER_HOST": engine.host, "PATH": f"{tools}:{os.environ['PATH']}"}
    pipe = subprocess.PIPE
    return subprocess.Popen(["sh", "-c", line], env=env, stdout=pipe, stderr=pipe, text=True, start_new_session=True)


def gone_through(engine: Engine, file: Path) -> subprocess.CompletedProcess[str]:
    """What becomes of a file that goes through the gate."""
    with gated(engine, file) as process:
        out, err = process.communicate(timeout=120)
    return subprocess.CompletedProcess([], process.returncode, out, err)


@pytest.fixture(scope="module")
def inner(releases: Releases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compressed image of the sample release."""
    folder = tmp_path_factory.mktemp("inner")
    with tarfile.open(releases("0.3")) as tar:
        tar.extract("osprey-service-docker-0.3.tar.bz2", folder)
    return folder / "osprey-service-docker-0.3.tar.bz2"


@pytest.mark.parametrize("packer", PACKERS)
def test_what_docker_saves_is_loaded_however_it_is_compressed(
    empty: Engine, inner: Path, tmp_path: Path, packer: str
) -> None:
    data = saved(empty, inner, IMAGE)
    done = gone_through(empty, written(tmp_path / "image", PACKERS[packer](data)))
    assert done.returncode == 0, done.stderr
    assert named(empty) == [IMAGE]
    known = empty.docker("image", "inspect", "--format", "{{.Id}}", IMAGE)
    assert f"gate: image {known}" in done.stderr and f"id {known}" in done.stdout


def test_an_archive_of_several_names_changes_none_of_them(empty: Engine, inner: Path, tmp_path: Path) -> None:
    data = saved(empty, inner, IMAGE, OTHER)
    empty.docker("import", "-", OTHER, stdin=written(tmp_path / "empty.tar", b"\0" * 1024))
    before = empty.docker("image", "inspect", "--format", "{{.Id}}", OTHER)
    done = gone_through(empty, written(tmp_path / "image", data))
    assert done.returncode != 0 and f"gate: other it also holds {OTHER}" in done.stderr
    assert named(empty) == [OTHER]
    assert empty.docker("image", "inspect", "--format", "{{.Id}}", OTHER) == before


def test_nothing_of_a_refused_archive_stays_in_docker(empty: Engine, inner: Path, tmp_path: Path) -> None:
    data = saved(empty, inner, IMAGE)
    before = empty.docker("image", "ls", "--all", "--quiet", "--no-trunc").split()
    ends = [len(data) // 3, len(data) // 2, len(data) - 12_000]
    bad = {f"cut{end}": data[:end] for end in ends}
    bad["other"] = classic("osprey/service:9.9")
    bad["arm"] = classic(IMAGE, config=configuration("arm64"))
    for name, content in bad.items():
        done = gone_through(empty, written(tmp_path / name, content))
        assert done.returncode != 0, name
        assert empty.docker("image", "ls", "--all", "--quiet", "--no-trunc").split() == before, name


def test_a_gate_that_is_killed_when_it_has_passed_all_but_the_names_gives_none(
    empty: Engine, inner: Path, tmp_path: Path
) -> None:
    file = written(tmp_path / "image", PACKERS["gzip"](saved(empty, inner, IMAGE)))
    slow = f"#!/bin/sh\ngzip -dc {file}; touch {tmp_path}/decoded; exec sleep 60\n"
    written(tmp_path / "pigz", slow.encode()).chmod(0o755)
    before = empty.docker("image", "ls", "--all", "--quiet", "--no-trunc").split()
    with gated(empty, file, tmp_path) as process:
        until((tmp_path / "decoded").exists, "the whole archive to be decoded", 60)
        (gate,) = having(str(GATE), str(file), IMAGE)
        os.kill(gate, signal.SIGKILL)
        out, err = process.communicate(timeout=120)
    assert process.returncode != 0 and "gate:" not in err and "Loaded" not in out, out + err
    assert empty.docker("image", "ls", "--all", "--quiet", "--no-trunc").split() == before


def test_image_load_takes_the_release_and_refuses_a_bad_one(empty: Engine, releases: Releases, tmp_path: Path) -> None:
    inv = Inv({"DOCKER_HOST": empty.host, "INVOKE_OSPREY_FOLDER": str(tmp_path / "osprey")})
    good = inv("image.load", "--version", "0.3", "--from", str(releases("0.3")))
    assert good.code == 0, good.said
    assert named(empty) == [IMAGE]
    (record,) = tmp_path.glob("osprey/.ospreyops/**/loaded")
    known = empty.docker("image", "inspect", "--format", "{{.Id}}", IMAGE)
    assert record.read_text() == f"0.3 {known} {known}\n"
    again = inv("image.load", "--version", "0.3", "--from", str(releases("0.3")))
    assert "nothing to do" in again.out, again.said
    corrupt = inv("image.load", "--version", "0.4", "--from", str(releases("0.4", "corrupt")))
    assert (corrupt.code, "cannot be loaded: it " in corrupt.err) == (5, True), corrupt.said
    assert not (tmp_path / "osprey/0.4").exists()
    packed = PACKERS["bzip2"](classic(IMAGE, OTHER))
    several = inv("image.load", "--version", "0.3", "--from", str(released(tmp_path / "several.tar", packed)))
    assert (several.code, "not osprey/service:0.3 alone" in several.err) == (5, True), several.said
    assert named(empty) == [IMAGE]


def test_a_rebuilt_archive_of_the_same_version_is_loaded(empty: Engine, releases: Releases, tmp_path: Path) -> None:
    inv = Inv({"DOCKER_HOST": empty.host, "INVOKE_OSPREY_FOLDER": str(tmp_path / "osprey")})
    assert inv("image.load", "--version", "0.3", "--from", str(releases("0.3"))).code == 0
    first = empty.docker("image", "inspect", "--format", "{{.Id}}", IMAGE)
    rebuilt = str(releases("0.3", protocols=("0.3", "0.2")))
    ran = inv("image.load", "--version", "0.3", "--from", rebuilt)
    assert ran.code == 0 and "is another image than that of" in ran.out, ran.said
    assert empty.docker("image", "inspect", "--format", "{{.Id}}", IMAGE) != first
    assert "nothing to do" in inv("image.load", "--version", "0.3", "--from", rebuilt).out
