"""How a release's files are found, packed and unpacked: real archives, real /bin/sh and tar."""

from __future__ import annotations

import os
import signal
import subprocess
import tarfile
from pathlib import Path

import pytest

from ospreyops.delivery.extract import Extract
from ospreyops.delivery.source import sha256, source
from ospreyops.delivery.upload import SHA256SUM
from ospreyops.errors import Blocked
from ospreyops.release import MARK, Release, check_members
from ospreyops.remote.command import sh
from tests.delivery.images import listed
from tests.published import FILES
from tests.release import build

GOOD = Release("0.3")
FAULTS = ("truncated", "traversal", "no-script")


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Release archives: a good one, and some with a fault."""
    folder = tmp_path_factory.mktemp("archives")
    return {fault: build(folder / (fault or "good"), "0.3", fault=fault or None) for fault in ("", "link", *FAULTS)}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a bad name."""
    folder = tmp_path / "my osprey's folder"
    folder.mkdir()
    return folder


def unpack(home: Path, archive: Path, place: str = "~/osprey/0.3", consume: bool = False) -> bool:
    """Run the line on this computer, as on a host with that home folder; whether it worked."""
    line = Extract(GOOD, str(archive), place, consume=consume).command.line
    return subprocess.run(["/bin/sh", "-c", line], env={**os.environ, "HOME": str(home)}, timeout=20).returncode == 0


def everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def unpacked(archives: dict[str, Path], tmp_path: Path) -> Path:
    """A folder that somebody has unpacked the release into."""
    folder = tmp_path / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-xf", archives[""], "-C", folder], check=True)
    return folder


def test_a_release_is_unpacked_whole_and_its_script_can_be_started(archives: dict[str, Path], home: Path) -> None:
    assert unpack(home, archives[""])
    place = home / "osprey" / "0.3"
    assert {path.name for path in place.iterdir()} == {*FILES, MARK}
    assert os.access(place / "osprey-service", os.X_OK)
    assert archives[""].is_file()
    assert [path.name for path in place.parent.iterdir()] == ["0.3"]


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o077])
def test_no_other_user_may_write_what_root_unpacked_or_run_it_as_root(
    archives: dict[str, Path], home: Path, umask: int
) -> None:
    archive = home / "a.tar"
    with tarfile.open(archives[""]) as good, tarfile.open(archive, "w") as evil:
        folder = tarfile.TarInfo("./")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o7777
        evil.addfile(folder)
        for member in good:
            member.mode = 0o6777
            evil.addfile(member, good.extractfile(member))
    before = os.umask(umask)
    try:
        assert unpack(home, archive)
    finally:
        os.umask(before)
    found = [home / "osprey", *(home / "osprey").rglob("*")]
    assert {oct(path.stat().st_mode & 0o7022) for path in found} == {"0o0"}
    assert os.access(home / "osprey/0.3/install.sh", os.X_OK)


def test_an_unpacked_release_takes_the_place_of_one_that_this_tool_unpacked(
    archives: dict[str, Path], home: Path
) -> None:
    (home / "osprey" / ".0.3.part").mkdir(parents=True)
    (home / "osprey" / ".0.3.part" / "old").touch()
    assert unpack(home, archives[""])
    (home / "osprey" / "0.3" / "osprey-service").write_text("an older one")
    assert unpack(home, archives[""])
    assert set(everything(home)) == {f"osprey/0.3/{name}" for name in (*FILES, MARK)}
    assert (home / "osprey" / "0.3" / "osprey-service").read_text() != "an older one"


@pytest.mark.parametrize("own", [True, False])
def test_what_somebody_put_into_the_folder_is_moved_aside_and_never_removed(
    archives: dict[str, Path], home: Path, own: bool
) -> None:
    folder = home / "osprey" / "0.3"
    if own:
        assert unpack(home, archives[""])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "my notes").write_text("precious")
    before = everything(folder)
    assert unpack(home, archives[""])
    assert set(everything(folder)) == {*FILES, MARK}
    aside = [path for path in folder.parent.iterdir() if path.name.startswith("0.3.before-")]
    assert [everything(path) for path in aside] == [before]


def test_unpacking_twice_comes_to_the_same(archives: dict[str, Path], home: Path) -> None:
    assert unpack(home, archives[""])
    first = everything(home)
    assert unpack(home, archives[""])
    assert everything(home) == first


@pytest.mark.parametrize("consume", [True, False])
def test_an_archive_is_removed_only_when_that_is_wanted(archives: dict[str, Path], home: Path, consume: bool) -> None:
    archive = home / "it's.tar"
    archive.write_bytes(archives[""].read_bytes())
    assert unpack(home, archive, consume=consume)
    assert archive.exists() != consume


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_archive_changes_nothing_and_is_kept(archives: dict[str, Path], home: Path, fault: str) -> None:
    (home / "osprey" / "0.3").mkdir(parents=True)
    (home / "osprey" / "0.3" / "osprey-service").write_text("the one before")
    (home / "archive.tar").write_bytes(archives[fault].read_bytes())
    before = everything(home)
    assert not unpack(home, home / "archive.tar", consume=True)
    after = everything(home)
    assert {name: after[name] for name in after if ".part/" not in name} == before


def test_unpacking_that_is_killed_half_way_changes_nothing_and_can_be_done_again(
    archives: dict[str, Path], home: Path
) -> None:
    assert unpack(home, archives[""])
    before, pipe = everything(home), home / "pipe"
    os.mkfifo(pipe)
    line = Extract(GOOD, str(pipe), f"{home}/osprey/0.3").command.line
    with subprocess.Popen(["/bin/sh", "-c", line], start_new_session=True) as process, pipe.open("wb") as halfway:
        halfway.write(archives[""].read_bytes()[: 1 << 20])
        halfway.flush()
        os.killpg(process.pid, signal.SIGKILL)
    pipe.unlink()
    after = everything(home)
    assert {name: after[name] for name in after if ".part/" not in name} == before
    assert unpack(home, archives[""]) and everything(home) == before


def test_the_archive_may_lie_in_the_place_itself(archives: dict[str, Path], home: Path) -> None:
    place = home / "osprey" / "0.3"
    place.mkdir(parents=True)
    (place / GOOD.archive).write_bytes(archives[""].read_bytes())
    assert unpack(home, place / GOOD.archive, consume=True)
    assert {path.name for path in place.iterdir()} == {*FILES, MARK}


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("traversal", "../evil lies outside of its folder"),
        ("link", "outside is not a plain file"),
        ("no-script", "it has no osprey-service"),
    ],
)
def test_an_unsafe_archive_is_refused_before_it_is_unpacked(archives: dict[str, Path], fault: str, why: str) -> None:
    with pytest.raises(Blocked) as refused:
        check_members(GOOD, *listed(archives[fault]))
    assert refused.value.case.endswith(why)


def test_a_good_archive_is_taken(archives: dict[str, Path]) -> None:
    check_members(GOOD, *listed(archives[""]))


@pytest.mark.parametrize("name", ["a.tar", "it's a b.tar", "back\\slash.tar"])
def test_both_ends_reckon_the_same_sha256(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(bytes(range(256)) * 10_000)
    printed = subprocess.check_output(["/bin/sh", "-c", sh(SHA256SUM, file=str(file), limit=5).line], text=True)
    assert printed.startswith(f"{sha256(file)} ")


def test_a_given_file_is_taken_and_a_folder_is_looked_into(archives: dict[str, Path]) -> None:
    assert source(str(archives[""]), GOOD) == source(str(archives[""].parent), GOOD) == archives[""]


def test_a_path_in_the_home_folder_is_found(archives: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(archives[""].parent))
    assert source("~", GOOD) == source(f"~/{GOOD.archive}", GOOD) == archives[""]


def test_an_unpacked_release_is_packed_again(unpacked: Path, home: Path) -> None:
    archive = source(str(unpacked), GOOD)
    check_members(GOOD, *listed(archive))
    assert unpack(home, archive)
    found = everything(home / "osprey" / "0.3")
    assert found.pop(MARK)
    assert found == everything(unpacked)


def test_the_same_content_gives_the_same_archive_whenever_it_was_copied(unpacked: Path) -> None:
    first = sha256(source(str(unpacked), GOOD))
    for path in unpacked.iterdir():
        os.utime(path, (1, 1.5))
    assert sha256(source(str(unpacked), GOOD)) == first


def test_a_folder_with_two_releases_and_a_link_is_packed_as_the_one_that_is_wanted(unpacked: Path) -> None:
    (unpacked / "osprey-service-docker-1.0.tar.bz2").touch()
    (unpacked / "README.md").rename(unpacked / ".hidden")
    (unpacked / "README.md").symlink_to(".hidden")
    archive = source(str(unpacked), GOOD)
    check_members(GOOD, *listed(archive))
    with tarfile.open(archive) as tar:
        assert set(tar.getnames()) - {".hidden"} == FILES


def test_a_folder_without_the_release_is_refused_and_told_what_it_has(archives: dict[str, Path]) -> None:
    with pytest.raises(Blocked, match=r"neither osprey-service-docker-1\.0\.tar nor") as refused:
        source(str(archives[""].parent), Release("1.0"))
    assert refused.value.evidence == f"it has: {GOOD.archive}"


@pytest.mark.parametrize("given", ["/no/such", "~nobody-like-that/x", "x" * 300, "/dev/null", "nul\0"])
def test_a_path_that_is_no_file_and_no_folder_is_refused(given: str) -> None:
    with pytest.raises(Blocked):
        source(given, GOOD)
