"""A line and its lock: on this computer, with the real programs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ospreyops import lines
from ospreyops.change.lock import HeldByOther, LockLease, LockState, ending, lock_state, question, take
from ospreyops.console import Console, Screen
from ospreyops.errors import Failed, Superseded
from ospreyops.remote import protocol
from ospreyops.remote.command import Command
from ospreyops.remote.host import Host
from ospreyops.remote.perl import program
from ospreyops.settings import HERE, Settings
from ospreyops.target import target
from tests.worlds import HELD, HOLDER, Sim, running, taken

SLEEP = f"sleep 61.{os.getpid()}"
"""What this process alone starts, so that it can be found again."""
WRITE = Command("echo written >>$W", 5)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.setenv("W", str(tmp_path / "written"))
    return Host(Settings(HERE, folder=str(tmp_path)), Console(Screen(), HERE))


@pytest.fixture(autouse=True)
def ends() -> Iterator[None]:
    """What a test leaves running is ended."""
    yield
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True).stdout
    for row in listed.splitlines():
        number, _, line = row.strip().partition(" ")
        if line == SLEEP:
            os.kill(int(number), signal.SIGKILL)


def state(host: Host, folder: Path) -> LockState | None:
    return lock_state(host.ask({"lock": question(str(folder))})["lock"])


def test_a_line_runs_while_its_task_has_the_lock(host: Host, tmp_path: Path) -> None:
    lease = taken(host, tmp_path)
    host.guard = lease.guard
    for _ in range(3):
        host.run(WRITE)
    with pytest.raises(Failed, match="exit status 7: no"):
        host.run(Command("echo no >&2; exit 7", 5))
    with pytest.raises(Failed, match="ended after 1 s, its limit"):
        host.run(Command(SLEEP, 1))
    host.run(WRITE)
    lease.end(None)
    assert (tmp_path / "written").read_text() == "written\n" * 4


@pytest.mark.parametrize("now", ["nobody", "another", "a new file", "no file"])
def test_a_line_of_a_task_that_lost_the_lock_is_refused_on_the_host(host: Host, tmp_path: Path, now: str) -> None:
    """It was checked, and then the computer slept: the line arrives when the lock is somebody else's."""
    lease, file = taken(host, tmp_path), tmp_path / ".ospreyops/lock"
    host.guard = lease.guard
    if now in ("nobody", "another"):
        lease.end(None)
    else:
        file.unlink()
    other = taken(Host(Settings(HERE), Console(Screen(), HERE)), tmp_path) if now.startswith("a") else None
    for _ in range(2):
        with pytest.raises(Superseded, match="localhost refused a line: the lock is not held by this task any more"):
            host.run(WRITE)
    stream = host.stream(WRITE)
    with pytest.raises(Superseded):
        protocol.check_begun(host.name, stream.finish())
    assert not (tmp_path / "written").exists()
    if other:
        host.guard = other.guard
        host.run(WRITE)
        other.end(None)


def test_whoever_removes_the_file_of_a_lock_ends_that_lock(host: Host, tmp_path: Path) -> None:
    first = taken(host, tmp_path)
    (tmp_path / ".ospreyops/lock").unlink()
    second = taken(host, tmp_path)
    first.tell({"outcome": "cut off"})
    with pytest.raises(Exception, match="it was removed or replaced"):
        first.assert_held()
    second.tell({"outcome": "ok"})
    second.assert_held()
    second.end(None)
    assert (tmp_path / ".ospreyops/history.jsonl").read_text().count("\n") == 2


def begun(host: Host, folder: Path, line: str) -> LockLease:
    """A line goes on whose task has lost the lock."""
    lease = taken(host, folder)
    host.guard = lease.guard
    thread = threading.Thread(target=lambda: outcome(host, Command(line, 30)), daemon=True)
    thread.start()
    end = time.monotonic() + 20
    while not (folder / "begun").exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    lease.end(None)
    return lease


def outcome(host: Host, command: Command) -> None:
    try:
        host.run(command)
    except Failed:
        return


def test_who_waits_for_a_line_is_told_which_one_whose_since_when_and_until_when(host: Host, tmp_path: Path) -> None:
    begun(host, tmp_path, f"touch {tmp_path}/begun; while [ ! -e {tmp_path}/go ]; do sleep .05; done")
    host.guard = None
    found = take(host, str(tmp_path), HOLDER, sudo=False)
    assert isinstance(found, HeldByOther) and found.line and found.line.holder
    said = str(found)
    assert said.startswith(HELD)
    assert f"of which this line goes on: touch {tmp_path}/begun" in said
    assert re.search(r"\(begun \d+ s ago \(.* UTC\); ends in \d+ s \(.* UTC\) at the latest\)$", said)
    assert abs(found.line.since - time.time()) < 30 and found.line.limit == 30
    seen = state(host, tmp_path)
    assert seen and not seen.held and seen.line == found.line
    (tmp_path / "go").touch()
    end = time.monotonic() + 20
    while state(host, tmp_path):
        assert time.monotonic() < end
    taken(host, tmp_path).end(None)


def test_a_line_that_does_not_end_is_ended_by_hand(host: Host, tmp_path: Path) -> None:
    begun(host, tmp_path, f"touch {tmp_path}/begun; {SLEEP} & {SLEEP}")
    host.guard, seen = None, state(host, tmp_path)
    assert seen and seen.line and seen.line.perl
    with pytest.raises(Failed, match="another line goes on now"):
        host.run(ending(str(tmp_path), os.getpid(), sudo=False, line=True))
    host.run(ending(str(tmp_path), seen.line.perl, sudo=False, line=True))
    assert state(host, tmp_path) is None
    taken(host, tmp_path).end(None)


def test_what_a_line_starts_keeps_the_lock_of_the_line_when_the_programs_around_it_are_killed(
    host: Host, tmp_path: Path
) -> None:
    begun(host, tmp_path, f"touch {tmp_path}/begun; {SLEEP}; true")
    host.guard = None
    guard, limit = map(int, (tmp_path / ".ospreyops/line").read_text().split()[2:4])
    os.kill(guard, signal.SIGKILL)
    os.kill(limit, signal.SIGKILL)
    assert isinstance(take(host, str(tmp_path), HOLDER, sudo=False), HeldByOther)


@pytest.mark.parametrize("closing", ["", "9>&-"])
def test_what_goes_on_without_its_line_keeps_no_lock(host: Host, tmp_path: Path, closing: str) -> None:
    """A daemon that a line happens to start may keep the descriptor for ever; the start script does not even that."""
    lease = taken(host, tmp_path)
    host.guard = lease.guard
    detached = (
        f"(nohup setsid sh -c 'ls -l /proc/$$/fd >{tmp_path}/fds; {SLEEP}' </dev/null >/dev/null 2>&1 {closing} &)"
    )
    host.run(Command(detached, 5))
    end = time.monotonic() + 20
    while not (tmp_path / "fds").exists() or not (tmp_path / "fds").read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert ("/.ospreyops/line" in (tmp_path / "fds").read_text()) is not bool(closing)
    host.run(WRITE)
    lease.end(None)
    host.guard = None
    taken(host, tmp_path).end(None)


def test_the_start_script_does_not_inherit_the_lock_of_its_line(sim: Sim) -> None:
    host = running()
    assert sim("deploy --version 0.4 -H sim", host).code == 0
    assert [line for line in host.ran if "nohup" in line and "2>&1 9>&- &)" in line]


def test_the_lock_of_a_line_that_sudo_runs_is_held_outside_of_sudo(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sudo closes what it inherits, and root may have no right to the user's files."""
    fake = tmp_path / "bin/sudo"
    fake.parent.mkdir()
    options = "while :; do case $1 in -u|-p) shift 2;; -*) shift;; *) break;; esac; done"
    fake.write_text(f'#!/bin/bash\n{options}\nexec 9>&-\nexec "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    lease = taken(host, tmp_path)
    host.guard = lease.guard
    host.run(
        Command(f"[ ! -e /proc/$$/fd/9 ] && flock -n {tmp_path}/.ospreyops/line true || echo locked >>$W", 5, sudo=True)
    )
    lease.end(None)
    assert (tmp_path / "written").read_text() == "locked\n"
    with pytest.raises(Superseded):
        host.run(Command("echo late >>$W", 5, sudo=True))


def test_a_line_waits_for_the_one_before_it_to_end(host: Host, tmp_path: Path) -> None:
    lease = taken(host, tmp_path)
    host.guard = lease.guard
    with subprocess.Popen(["flock", str(tmp_path / ".ospreyops/line"), "sleep", "1"]):
        time.sleep(0.3)
        host.run(WRITE)
    lease.end(None)
    assert (tmp_path / "written").exists()


def test_a_task_waits_a_little_for_a_line_of_one_that_was_cut_off_and_then_names_it(sim: Sim) -> None:
    sick = running()
    folder = sick.files / ".ospreyops"
    sim("image.load --version 0.4 -H sim", sick)
    (folder / "line").write_text("1800000000 60 1 1\n{}\ndocker load\n")
    with subprocess.Popen(["flock", "--no-fork", str(folder / "line"), *SLEEP.split()]) as other:
        ran = sim("service.stop -H sim", sick)
        other.kill()
    assert (ran.code, sick.service is not None) == (3, True)
    assert (
        "sim is locked by somebody, of which this line goes on: docker load (begun 2027-01-15 08:00 UTC; ends in "
        in ran.err
    )
    assert 30 <= sick.now < 60


def test_the_programs_agree_on_what_a_refusal_is() -> None:
    guard = program("ospreyops.remote", "guard.pl")
    assert f"exit {protocol.REFUSED};" in guard and f'"{protocol.REFUSED_MARK}' in guard
    assert lines.LIMIT and target(Settings(HERE)).machine
