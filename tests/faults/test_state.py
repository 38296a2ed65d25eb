"""What a host remembers, emptied, torn or closed by a power cut or a hand: it is named, and never taken for nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ospreyops.facts.host import Desired, HostFacts
from ospreyops.look import state
from ospreyops.remote.command import Answer
from ospreyops.remote.perl import program
from ospreyops.remote.protocol import batch, parse_batch
from tests.conftest import simulate
from tests.sim.host import SimHost
from tests.worlds import Sim, running, serving

GOOD = '{"version": "0.3", "since": "2026-01-01T00:00:00Z", "by": "jeff@phil"}\n'
SYNC = program("ospreyops.remote", "sync.pl")


def remembered(folder: Path) -> state.State:
    """What this computer remembers in a service's folder, asked with the real lines."""
    line = batch(state.questions(str(folder)))
    printed = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=20).stdout
    return state.state(f"{folder}/.ospreyops", parse_batch(printed))


def test_a_host_that_remembers_nothing_has_nothing_damaged(tmp_path: Path) -> None:
    files = f"{tmp_path}/.ospreyops"
    nothing = state.State(files, None, (), frozenset(), {}, loaded=None)
    assert remembered(tmp_path) == nothing
    (tmp_path / ".ospreyops").mkdir()
    assert remembered(tmp_path) == nothing
    assert remembered(tmp_path / "absent").damaged == {}


def test_what_is_whole_is_read(tmp_path: Path) -> None:
    files = tmp_path / ".ospreyops"
    files.mkdir()
    (files / "wanted").write_text(GOOD)
    (files / "healthy").write_text("0.2\n0.3\n")
    for empty in ("lock", "history.jsonl", "loading-0.4"):
        (files / empty).touch()
    found = remembered(tmp_path)
    assert found.desired == Desired("0.3", "2026-01-01T00:00:00Z", "jeff@phil")
    assert (found.proven, found.loading, found.damaged) == (("0.2", "0.3"), frozenset({"0.4"}), {})


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("", "it is empty"),
        (GOOD[:20], "it is damaged"),
        ("\0" * 64, "it is damaged"),
        ("null\n", "it is damaged"),
        ('{"version": "latest"}\n', "it is damaged"),
    ],
)
def test_a_desired_release_that_cannot_be_read_is_not_an_absent_one(tmp_path: Path, content: str, wrong: str) -> None:
    (tmp_path / ".ospreyops").mkdir()
    (tmp_path / ".ospreyops/wanted").write_text(content)
    found = remembered(tmp_path)
    assert (found.desired, found.damaged) == (None, {"wanted": wrong})


@given(st.binary(max_size=40))
@settings(max_examples=30, deadline=None)
def test_no_content_of_the_desired_release_is_taken_for_none(content: bytes) -> None:
    host = Answer(0, content.decode(errors="replace"))
    empty = Answer(0, "wrong wanted it is empty\n" if not content else "")
    answers = {**dict.fromkeys(state.questions("/x"), Answer(1)), "state": empty, "desired": host}
    found = state.state("/x/.ospreyops", answers)
    assert found.desired or "wanted" in found.damaged


def as_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


@pytest.mark.parametrize("name", ["wanted", "healthy", "lock", "history.jsonl"])
@pytest.mark.parametrize(
    ("make", "wrong"), [(as_folder, "it is not a file"), (lambda path: path.symlink_to("/no/such"), "it is not a file")]
)
def test_a_file_that_is_no_file_is_named(tmp_path: Path, name: str, make: Callable[[Path], object], wrong: str) -> None:
    (tmp_path / ".ospreyops").mkdir()
    make(tmp_path / ".ospreyops" / name)
    assert remembered(tmp_path).damaged[name] == wrong


def test_a_folder_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / ".ospreyops").touch()
    assert remembered(tmp_path).damaged == {".": "it is not a folder"}


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")
def test_what_the_user_may_not_read_is_named(tmp_path: Path) -> None:
    """Asked as nobody, of files that are root's."""
    files = tmp_path / ".ospreyops"
    files.mkdir()
    tmp_path.chmod(0o755)
    for above in tmp_path.parents:
        if above != Path("/tmp"):
            above.chmod(above.stat().st_mode | 0o055)
        if above == Path("/tmp"):
            break
    (files / "wanted").write_text(GOOD)
    (files / "wanted").chmod(0o600)
    line = batch(state.questions(str(tmp_path)))
    words = ["setpriv", "--reuid=65534", "--clear-groups", "sh", "-c", line]

    def asked() -> state.State:
        printed = subprocess.run(words, capture_output=True, text=True, timeout=20).stdout
        return state.state("", parse_batch(printed))

    assert asked().damaged == {"wanted": "it may not be read"}
    files.chmod(0o700)
    assert asked().damaged == {".": "it may not be read"}
    files.chmod(0o755)
    tmp_path.chmod(0o700)
    assert asked().damaged == {".": "its folder may not be read"}


def test_a_question_that_is_late_or_fails_names_nothing_as_absent() -> None:
    answers = {name: Answer(-1, late=True) for name in state.questions("/x")}
    assert set(state.state("/x/.ospreyops", answers).damaged) == {".", "wanted"}


# What is said of it, and what is done about it


def test_the_doctor_names_a_damaged_desired_release_and_a_deploy_writes_it_anew(sim: Sim) -> None:
    host = running()
    host.garbled, host.desired = GOOD[:20], ""
    found = sim("doctor -H sim", host)
    assert found.code == 2
    assert "state     it is not known which release sim is to run: " in found.out
    assert "/home/ops/osprey/service-docker/.ospreyops/wanted: it is damaged" in found.out
    assert "try: inv deploy 0.3 -H sim" in found.err
    assert sim("status -H sim", host).code == 2
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    assert (host.desired, sim("doctor -H sim", host).code) == ("0.3", 0)
    assert len(host.ran) == 1


def test_heal_says_that_it_does_not_know_what_is_desired(sim: Sim) -> None:
    for service in ("runs", "is gone"):
        host = running()
        host.garbled, host.desired = "{", ""
        if service == "is gone":
            host.stop()
        ran = sim("heal -H sim", host)
        assert (ran.code, host.ran) == (3, []), ran.said
        assert "it is not known which release sim is to run" in ran.err
        assert "try: inv deploy 0.3 -H sim" in ran.err


def test_a_stop_clears_a_damaged_desired_release(sim: Sim) -> None:
    host = running()
    host.garbled, host.desired = "{", ""
    assert sim("service.stop -H sim", host).code == 0
    assert (host.garbled, host.service) == ("", None)
    assert sim("heal -H sim", host).code == 0


@pytest.mark.parametrize("name", ["healthy", "history.jsonl", "lock"])
def test_another_damaged_file_is_named_and_keeps_nothing_from_being_healed(sim: Sim, name: str) -> None:
    mac = serving()
    mac.damaged = {name: "it is not a file"}
    found = sim("doctor -H sim", mac)
    assert found.code == 2
    assert f"/.ospreyops/{name}: it is not a file" in found.out
    assert re_try(found.err) == f"mv {FILES}/{name} {FILES}/{name}.damaged, on sim"
    assert sim("fix.state -H sim", mac).code == 3
    mac.power("poweroff")
    assert sim("heal -H sim", mac).code == 0
    assert mac.service


def test_without_a_version_to_name_a_person_is_told_what_to_type(sim: Sim) -> None:
    host = SimHost(garbled="{", archives=set())
    assert re_try(sim("doctor -H sim", host).err) == f"mv {FILES_LINUX}/wanted {FILES_LINUX}/wanted.damaged, on sim"


FILES = "/Users/jmartin/osprey/service-docker/.ospreyops"
FILES_LINUX = "/home/ops/osprey/service-docker/.ospreyops"


def re_try(said: str) -> str:
    return said.partition("try: ")[2].strip()


# How it is written


def test_a_record_is_whole_and_mends_what_was_torn(tmp_path: Path) -> None:
    """The line of a deploy, as the host runs it."""
    host = SimHost()
    host.load("0.4")
    host.unpacked.add("0.4")
    assert simulate("deploy --version 0.4 -H sim", host).code == 0
    line = next(line for line in host.ran if "wanted.new" in line)
    files = tmp_path / ".ospreyops"
    files.mkdir()
    for before in (b"", b"0.2\n0.3", b"0.2\n\0\0\0\n0.3\n0."):
        (files / "healthy").write_bytes(before)
        (files / "wanted").write_bytes(b"")
        real = line.replace("/home/ops/osprey/service-docker", str(tmp_path))
        assert subprocess.run(["sh", "-c", real], timeout=20).returncode == 0
        found = remembered(tmp_path)
        assert found.desired and found.desired.version == "0.4"
        assert found.proven == (("0.2", "0.3") if before else ()) + ("0.4",)
        assert found.damaged == {}
        assert sorted(path.name for path in files.iterdir()) == ["healthy", "wanted"]


def test_a_record_reaches_the_disk_before_it_gets_its_name(tmp_path: Path) -> None:
    """As the kernel saw it: both files are synced, then renamed."""
    file, log = tmp_path / "new", tmp_path / "log"
    file.write_text("x")
    words = ["strace", "-f", "-o", str(log), "-e", "trace=fsync,openat"]
    subprocess.run([*words, "perl", "-e", SYNC, str(file)], check=True, timeout=20)
    assert "fsync(" in log.read_text()


def test_a_record_that_cannot_reach_the_disk_changes_nothing(tmp_path: Path) -> None:
    ended = subprocess.run(["perl", "-e", SYNC, str(tmp_path / "no")], capture_output=True, text=True)
    assert ended.returncode and "no: No such file" in ended.stderr


def test_facts_made_without_a_folder_have_the_usual_one() -> None:
    assert HostFacts("sim", "ops", "Linux", "/home/ops", "/x", 0.0).files == "/x/.ospreyops"
