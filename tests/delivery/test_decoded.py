"""What was decoded once is read the next time, and only as it was: the real programs, in a folder of this computer."""

from __future__ import annotations

import bz2
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ospreyops.remote.perl import program
from tests.delivery.gate import NAMING, members
from tests.delivery.images import classic, digest, written

PROGRAM = " ".join(program("ospreyops.delivery", name) for name in ("decoded.pl", "gate.pl"))
PLENTY, TOO_LITTLE = 99_000_000, 4_882_000
"""Kilobytes that are free on a disk; the second is less than the five gigabytes that stay free."""
LAYER = os.urandom(300_000)


class Passed(NamedTuple):
    """What a load passes on to Docker, what it says of it, and the programs that decoded."""

    data: bytes
    said: str
    decoded: bool


class Keeping:
    """An archive of each version, and what is kept of them. free: what df says, a look after the other."""

    def __init__(self, home: Path) -> None:
        self.place, self._home, self._bin = home / "my osprey" / ".decoded", home, home / "bin"
        self.place.parent.mkdir()
        self._bin.mkdir()
        self.free(PLENTY)
        self._tool("lbzip2", f"touch {home}/used; exec /usr/bin/bzip2 -dc")

    def free(self, *kilobytes: int) -> None:
        written(self._home / "free", "".join(f"{found}\n" for found in kilobytes).encode())
        told = f"{self._home}/free"
        rest = f"tail -n +2 {told} >{told}.next; [ ! -s {told}.next ] || mv {told}.next {told}"
        self._tool("df", f"echo Filesystem; echo /dev/sda1 1 1 $(head -n 1 {told}) 1% /; {rest}")

    def _tool(self, name: str, text: str) -> None:
        written(self._bin / name, f"#!/bin/sh\n{text}\n".encode()).chmod(0o755)

    def archive(self, version: str = "0.3", layer: bytes = LAYER) -> Path:
        """The image archive of that version, put in the place of any that is there."""
        new = written(self._home / "new", bz2.compress(classic(f"osprey/service:{version}", layer=layer)))
        return new.rename(self._home / f"osprey-service-docker-{version}.tar.bz2")

    def load(self, file: Path, version: str = "0.3") -> Passed:
        line = ["perl", "-we", PROGRAM, str(self.place), str(file), f"osprey/service:{version}", "amd64"]
        (self._home / "used").unlink(missing_ok=True)
        env = {**os.environ, "PATH": f"{self._bin}:{os.environ['PATH']}"}
        done = subprocess.run(line, capture_output=True, timeout=60, env=env)
        said = [row for row in done.stderr.decode().splitlines() if row.startswith("gate: ")]
        assert len(said) == 1 and b" at -e line" not in done.stderr, done.stderr
        return Passed(done.stdout, said[0], (self._home / "used").exists())

    @property
    def kept(self) -> list[str]:
        """The names of the files that are kept."""
        return sorted(path.name for path in self.place.iterdir()) if self.place.exists() else []

    @property
    def versions(self) -> list[str]:
        return [name.partition("_")[0] for name in self.kept]


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    return Keeping(tmp_path)


def test_what_was_decoded_once_is_not_decoded_again_and_is_the_same_to_docker(keeping: Keeping) -> None:
    file = keeping.archive()
    first, second = keeping.load(file), keeping.load(file)
    assert (first.decoded, second.decoded) == (True, False)
    assert first.said == second.said and second.said.startswith("gate: image ")
    assert members(second.data) == members(first.data) == members(classic("osprey/service:0.3", layer=LAYER))
    (name,) = keeping.kept
    assert name.endswith(f"_{digest((keeping.place / name).read_bytes())}.tar")
    assert keeping.place.stat().st_mode & 0o777 == 0o700


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 310_000), how=st.sampled_from(["bit", "cut", "more", "hole"]))
def test_no_damaged_file_is_ever_loaded_and_the_archive_is_taken(keeping: Keeping, at: int, how: str) -> None:
    file = keeping.archive()
    keeping.load(file)
    (path,) = keeping.place.iterdir()
    data = bytearray(path.read_bytes())
    at %= len(data)
    if how == "bit":
        data[at] ^= 1
    damaged = {"cut": data[:at], "more": data + b"\0", "hole": data[:at] + bytes(1 + len(data) - at)}.get(how, data)
    path.write_bytes(damaged)
    refused = keeping.load(file)
    assert refused.said == f"gate: stale {path} is damaged"
    assert members(refused.data) is None and not any(name.encode() in refused.data for name in NAMING)
    assert keeping.kept == []
    again = keeping.load(file)
    assert again.decoded and again.said.startswith("gate: image ")


def test_another_archive_of_the_same_version_is_decoded_and_kept_in_the_place_of_the_first(keeping: Keeping) -> None:
    keeping.load(keeping.archive())
    before = keeping.kept
    other = keeping.load(keeping.archive(layer=LAYER[::-1]))
    assert other.decoded and members(other.data) == members(classic("osprey/service:0.3", layer=LAYER[::-1]))
    assert len(keeping.kept) == 1 and keeping.kept != before


def test_the_two_releases_that_were_loaded_last_are_kept(keeping: Keeping) -> None:
    files = {version: keeping.archive(version) for version in ("0.1", "0.2", "0.3")}
    for version in ("0.1", "0.2"):
        keeping.load(files[version], version)
        for path in keeping.place.iterdir():
            os.utime(path, (1, path.stat().st_mtime - 100))
    keeping.load(files["0.1"], "0.1")
    keeping.load(files["0.3"], "0.3")
    assert keeping.versions == ["0.1", "0.3"]


def test_what_is_half_written_is_removed_by_the_next_load(keeping: Keeping) -> None:
    file = keeping.archive()
    keeping.load(file)
    written(keeping.place / "0.4_1-2-3-4.77.part", b"half")
    keeping.load(file)
    assert keeping.versions == ["0.3"] and not any(name.endswith(".part") for name in keeping.kept)


def test_an_archive_that_is_refused_is_not_kept(keeping: Keeping) -> None:
    file = keeping.archive()
    assert keeping.load(file, "0.4").said.startswith("gate: other ")
    written(file, file.read_bytes()[:-100])
    assert keeping.load(file).said.startswith("gate: damaged ")
    assert keeping.kept == []


def test_a_load_without_a_place_to_keep_anything_is_a_load(keeping: Keeping) -> None:
    keeping.place.parent.rmdir()
    assert keeping.load(keeping.archive()).said.startswith("gate: image ")


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([PLENTY, TOO_LITTLE]), min_size=3, max_size=3))
def test_nothing_is_kept_where_less_than_five_gigabytes_would_stay_free(keeping: Keeping, free: list[int]) -> None:
    keeping.free(PLENTY)
    for version in ("0.1", "0.2"):
        keeping.load(keeping.archive(version), version)
    keeping.free(*free)
    passed = keeping.load(keeping.archive())
    assert passed.said.startswith("gate: image ")
    assert ("0.3" in keeping.versions) == (TOO_LITTLE not in free)
    assert len(keeping.kept) <= 2 and not any(name.endswith(".part") for name in keeping.kept)
    if free[0] == TOO_LITTLE:
        assert keeping.kept == []


def test_who_cannot_tell_how_much_is_free_keeps_nothing(keeping: Keeping) -> None:
    written(keeping.place.parent.parent / "bin/df", b"#!/bin/sh\nexit 1\n")
    assert keeping.load(keeping.archive()).said.startswith("gate: image ")
    assert keeping.kept == []
