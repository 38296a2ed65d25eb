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
from typing import Callable

import pytest

from ospreyops import text
from ospreyops.change import change, lock
from ospreyops.remote.command import Command
from ospreyops.remote.streams import LocalStream
from tests.conftest import PROJECT
from tests.sim.host import SimHost
from tests.worlds import HELD, Sim, free, history, once, running, take, until_free


@contextmanager
def changing(host: SimHost, line: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is about to do the first step of a task on a host with the same history.

    Ctrl-C reaches it, which a shell's background job, as these tests may be one, and its children ignore.
    """
    words = [sys.executable, "-m", "tests.sim.changing", str(host.files), line]
    pipe, heed = subprocess.PIPE, partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(words, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True, preexec_fn=heed)
    assert process.stdin and process.stdout
    with process:
        assert process.stdout.readline() == "begun\n"
        yield process
        process.kill()


def test_of_two_at_once_one_is_refused_with_the_others_name(sim: Sim) -> None:
    host = running()
    refused = once(host, lambda: sim("service.stop -H sim", host))
    assert sim("deploy --version 0.4 -H sim", host).code == 0
    assert refused[0].code == 3
    whose = f"{text.who()}@{os.uname().nodename} (pid {os.getpid()})"
    assert f"sim is locked by {whose}: deploy --version 0.4, begun 2027-01-15 08:00 UTC" in refused[0].err
    assert "try: --wait, or inv lock.status -H sim" in refused[0].err
    assert [entry["task"] for entry in history(host)] == ["deploy --version 0.4"]


def test_a_deploy_that_is_refused_rolls_nothing_back(sim: Sim) -> None:
    host = running()
    take(host)
    ran = sim("deploy --version 0.4 -H sim", host)
    assert (ran.code, host.ran, "rolling back" in ran.said) == (3, [], False)


class Patient(SimHost):
    """A host that is free, and was changed, once somebody has waited for it."""

    tries = 0
    lease: lock.LockLease

    def stream(self, command: Command) -> LocalStream:
        self.tries += 1
        if self.tries == 3:
            self.lease.end({"when": "", "task": "of the other", "outcome": "ok"})
            self.load("0.3")
        return super().stream(command)


def test_with_wait_the_second_says_whom_it_waits_for_and_then_does_what_is_left_to_do(sim: Sim) -> None:
    host = Patient()
    host.lease = take(host)
    ran = sim("image.load --version 0.4 -H sim --wait", host)
    assert ran.code == 0
    assert ran.out.count(f"sim is locked by {HELD}") == 1
    assert [entry["task"] for entry in history(host)] == ["of the other", "image.load --version 0.4"]


def test_after_waiting_nothing_is_done_if_the_other_has_done_it(sim: Sim) -> None:
    host = Patient()
    host.lease = take(host)
    ran = sim("image.load --version 0.3 -H sim --wait", host)
    assert (ran.code, host.ran) == (0, [])
    assert "nothing to do" in ran.out
    assert [entry["task"] for entry in history(host)] == ["of the other"]


def test_nobody_waits_for_more_than_an_hour(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change, "LONGEST_PAUSE", 1000.0)
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
    cut, stopped = history(host)
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
    assert "interrupted; current state" in said
    assert [entry["outcome"] for entry in history(host)] == ["interrupted"]
    assert free(host)


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("/proc/no/such")])
def test_a_folder_for_lock_and_history_that_cannot_be_made_blocks_a_change_before_anything_is_done(
    sim: Sim, make: Callable[[Path], object]
) -> None:
    host = running()
    make(host.files / ".ospreyops")
    ran = sim("service.stop -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "sim cannot be locked for a change: mkdir: " in ran.err


def test_hosts_in_parallel_are_locked_each_for_itself(sim: Sim) -> None:
    one, two = running(name="one"), running(name="two")
    held = take(two)
    ran = sim("service.stop -H one,two", one, two)
    assert ran.code == 3
    assert (one.service, bool(two.service)) == (None, True)
    assert "two is locked by jeff@grisman-12" in ran.err
    assert [entry["host"] for entry in history(one)] == ["one"]
    held.end(None)
