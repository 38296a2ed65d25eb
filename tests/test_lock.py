"""One change of a host at a time: the real program, in folders of this computer, with processes that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Callable

import pytest

from ospreyops.remote.command import Command
from ospreyops.remote.protocol import with_timeout
from ospreyops.remote.streams import LocalStream
from ospreyops.change import change
from ospreyops.change import lock
from ospreyops import text
from tests.conftest import PROJECT, Ran
from tests.simhost import FOLDER, SimHost
from tests.test_ledger import running, told

Sim = Callable[..., Ran]
PASSWORD = "a password that is longer than any token, and has words"
OTHER = lock.Holder("jeff", "grisman-12", 4711, "2020-01-02T03:04:05Z", "deploy --version 0.4")


def take(host: SimHost) -> lock.LockLease:
    """The host's lock, held by jeff."""
    any_host: Any = host
    taken = lock.take(any_host, FOLDER, OTHER, sudo=False)
    assert isinstance(taken, lock.LockLease)
    return taken


def once(host: SimHost, act: Callable[[], Ran]) -> list[Ran]:
    """What the act comes to, that is done in the middle of the next task."""
    found: list[Ran] = []

    def run(_: str) -> None:
        host.before_run = lambda line: None
        found.append(act())

    host.before_run = run
    return found


def free(host: SimHost) -> bool:
    return lock.lock_state(host.really(lock.question(FOLDER))) is None


@contextmanager
def changing(host: SimHost, line: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is about to do the first step of a task on a host with the same ledger.

    Ctrl-C reaches it, which a shell's background job, as these tests may be one, and its children ignore.
    """
    words = [sys.executable, "-m", "tests.changing", str(host.files), line]
    pipe, heed = subprocess.PIPE, partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(words, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True, preexec_fn=heed)
    assert process.stdin and process.stdout
    with process:
        assert process.stdout.readline() == "begun\n"
        yield process
        process.kill()


def until_free(host: SimHost) -> None:
    """Wait for the lock as the kernel gives it."""
    line = f"exec perl -MFcntl=:flock -e 'open F,q(<),shift; flock F,LOCK_SH' {host.files}/.ospreyops/lock"
    subprocess.run(["sh", "-c", line], check=True, timeout=20)


def test_of_two_at_once_one_is_refused_with_the_others_name(sim: Sim) -> None:
    host = running()
    refused = once(host, lambda: sim("service.stop -H sim", host))
    assert sim("deploy --version 0.4 -H sim", host).code == 0
    assert refused[0].code == 3
    said = f"sim is being changed by {text.who()}@{os.uname().nodename}: deploy --version 0.4, since 2027-01-15 "
    assert said in refused[0].err
    assert f"(pid {os.getpid()})" in refused[0].err
    assert "try: --wait, or inv lock.status -H sim" in refused[0].err
    assert [entry["task"] for entry in told(host)] == ["deploy --version 0.4"]


def test_a_deploy_that_is_refused_puts_nothing_back(sim: Sim) -> None:
    host = running()
    take(host)
    ran = sim("deploy --version 0.4 -H sim", host)
    assert (ran.code, host.ran, "ran before" in ran.said) == (3, [], False)


class Patient(SimHost):
    """A host that is free, and was changed, once somebody has waited for it."""

    tries = 0

    def stream(self, command: Command) -> LocalStream:
        self.tries += 1
        if self.tries == 3:
            self.begun.end({"when": "", "task": "of the other", "outcome": "ok"})
            self.load("0.3")
        return super().stream(command)


def test_with_wait_the_second_says_whom_it_waits_for_and_then_does_what_is_left_to_do(sim: Sim) -> None:
    host = Patient()
    host.begun = take(host)
    ran = sim("image.load --version 0.4 -H sim --wait", host)
    assert ran.code == 0
    assert ran.out.count("sim is being changed by jeff@grisman-12: deploy --version 0.4, since 2020-01-02 ") == 1
    assert [entry["task"] for entry in told(host)] == ["of the other", "image.load --version 0.4"]


def test_after_waiting_nothing_is_done_if_the_other_has_done_it(sim: Sim) -> None:
    host = Patient()
    host.begun = take(host)
    ran = sim("image.load --version 0.3 -H sim --wait", host)
    assert (ran.code, host.ran) == (0, [])
    assert "nothing to do" in ran.out
    assert [entry["task"] for entry in told(host)] == ["of the other"]


def test_nobody_waits_for_more_than_an_hour(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change, "PAUSE", 1000.0)
    host = SimHost()
    held = take(host)
    assert sim("image.load --version 0.3 -H sim --wait", host).code == 3
    assert 3600 <= host.now < 6000
    held.end(None)


def test_looking_never_needs_the_lock(sim: Sim) -> None:
    host = running()
    held = take(host)
    for line in (
        "status",
        "image.list",
        "service.status",
        "net.status",
        "history",
        "lock.status",
        "--dry service.stop",
    ):
        assert sim(f"{line} -H sim", host).code == 0
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    held.end(None)


def test_a_holder_killed_with_9_frees_the_lock_at_once_and_leaves_its_line(sim: Sim) -> None:
    host = running()
    with changing(host, "image.load --version 0.4 -H sim") as process:
        assert sim("service.stop -H sim", host).code == 3
        process.send_signal(signal.SIGKILL)
        until_free(host)
        assert sim("service.stop -H sim", host).code == 0
    cut, stopped = told(host)
    assert (cut["outcome"], cut["task"]) == ("cut off", "image.load --version 0.4")
    assert [step["ok"] for step in cut["steps"]] == [None]
    assert stopped["outcome"] == "ok"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_task_that_is_interrupted_says_so_in_the_history_and_frees_the_lock(number: signal.Signals) -> None:
    host = SimHost()
    with changing(host, "image.load --version 0.4 -H sim") as process:
        process.send_signal(number)
        said, _ = process.communicate(timeout=20)
        assert process.returncode == 130
    assert "interrupted; the host is left so" in said
    assert [entry["outcome"] for entry in told(host)] == ["interrupted"]
    assert free(host)


def test_who_falls_silent_loses_the_lock_and_is_said_to_be_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "SILENCE", 0.3)
    host = SimHost()
    held = take(host)
    held.tell({"outcome": "cut off"})
    until_free(host)
    with pytest.raises(lock.LockLost):
        held.line("never said")
    assert told(host) == [{"outcome": "cut off"}]


def test_signs_of_life_keep_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT", 0.05)
    monkeypatch.setattr(lock, "SILENCE", 0.5)
    host, found = SimHost(), []
    held = take(host)
    for _ in range(8):
        found.append(subprocess.run(["perl", "-e", "select undef,undef,undef,.1"], check=True))
    assert not free(host)
    held.end(None)
    assert free(host)


def test_a_holder_whose_reader_is_gone_still_leaves_its_line() -> None:
    host = SimHost()
    held = take(host)
    for number in range(50):
        held.tell({"number": number})
    held.end(None)
    assert told(host) == [{"number": 49}]


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("/proc/no/such")])
def test_a_ledger_that_cannot_be_made_blocks_a_change_before_anything_is_done(
    sim: Sim, make: Callable[[Path], object]
) -> None:
    host = running()
    make(host.files / ".ospreyops")
    ran = sim("service.stop -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "sim cannot be locked for a change: mkdir: " in ran.err


def test_a_full_disk_does_not_keep_anybody_from_the_lock() -> None:
    """Else nothing could be removed from it."""
    host = SimHost()
    (host.files / ".ospreyops").mkdir()
    (host.files / ".ospreyops/lock").symlink_to("/dev/full")
    assert take(host).end(None).ok


def test_a_password_on_the_same_input_reaches_neither_the_history_nor_the_lock(tmp_path: Path) -> None:
    sent: list[Command] = []

    class Careless(SimHost):
        def stream(self, command: Command) -> LocalStream:
            sent.append(command)
            line = command.line.replace(FOLDER, str(tmp_path))
            return LocalStream(with_timeout(Command(line, 60)), f"{PASSWORD}\n".encode())

    held = take(Careless())
    assert PASSWORD not in (tmp_path / ".ospreyops/lock").read_text() + sent[0].line
    held.end(None)
    assert not (tmp_path / ".ospreyops/history.jsonl").exists()
    take(Careless()).end({"outcome": "ok"})
    assert (tmp_path / ".ospreyops/history.jsonl").read_text() == '{"outcome": "ok"}\n'


def test_any_login_shell_takes_what_a_task_was_typed_as() -> None:
    assert "!" not in text.ascii_json({"task": "deploy --from 'a!b'"})


def test_hosts_side_by_side_are_locked_each_for_itself(sim: Sim) -> None:
    one, two = running(name="one"), running(name="two")
    held = take(two)
    ran = sim("service.stop -H one,two", one, two)
    assert ran.code == 3
    assert (one.service, bool(two.service)) == (None, True)
    assert "two is being changed by jeff@grisman-12" in ran.err
    assert [entry["host"] for entry in told(one)] == ["one"]
    held.end(None)
