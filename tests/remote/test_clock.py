"""A host's clock that steps an hour back or on, as after a sleep or by its first time server, changes no limit."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from ospreyops.remote import protocol
from ospreyops.remote.perl import program

CLOCK = "BEGIN{*CORE::GLOBAL::time=sub(){open my $f,q(<),$ENV{CLOCK} or die; CORE::time()+<$f>}}"
"""Perl whose clock is set by a file: seconds to add to the real one."""
HOUR = 3600


def stepped(tmp_path: Path, seconds: int, *words: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """What a program comes to while the clock steps after a second, and how long that took."""
    clock = tmp_path / "clock"
    clock.write_text("0\n")

    def step() -> None:
        new = tmp_path / "clock.new"
        new.write_text(f"{seconds}\n")
        new.rename(clock)

    timer, begin = threading.Timer(1, step), time.monotonic()
    timer.start()
    env = {**os.environ, "CLOCK": str(clock)}
    done = subprocess.run(["perl", "-e", CLOCK, "-e", *words], env=env, capture_output=True, text=True, timeout=60)
    timer.join()
    return done, time.monotonic() - begin


@pytest.mark.parametrize("seconds", [-HOUR, HOUR, -2, 2, 0])
def test_a_question_has_its_seconds_whatever_the_clock_does(tmp_path: Path, seconds: int) -> None:
    asks = ("late", "3", "", "sleep 61"), ("slow", "20", "", "sleep 5; echo yes")
    ask = program("ospreyops.remote", "ask.pl")
    done, took = stepped(tmp_path, seconds, ask, *(word for words in asks for word in words))
    answers = protocol.parse_batch(done.stdout)
    assert answers["late"].late and answers["slow"].out == "yes\n"
    assert 5 <= took < 15


@pytest.mark.parametrize("seconds", [-HOUR, HOUR])
def test_a_line_has_its_seconds_whatever_the_clock_does(tmp_path: Path, seconds: int) -> None:
    limit = program("ospreyops.remote", "limit.pl")
    done, took = stepped(tmp_path, seconds, limit, "3", "sleep 61")
    assert done.returncode == protocol.LATE and 3 <= took < 10
    assert stepped(tmp_path, seconds, limit, "20", "sleep 2; echo yes")[0].stdout == "yes\n"


@pytest.mark.parametrize("seconds", [-HOUR, HOUR])
def test_a_task_may_be_silent_for_as_long_whatever_the_clock_does(tmp_path: Path, seconds: int) -> None:
    words = ["sh", "-c", 'cd "$1" && shift && sleep 2 | exec perl "$@"', "sh", str(tmp_path), "-e", CLOCK, "-e"]
    hold = [program("ospreyops.change", "lock_hold.pl"), "token", '{"who": "jeff"}', "10"]
    (tmp_path / "clock").write_text(f"{seconds}\n")
    begin = time.monotonic()
    done = subprocess.run([*words, *hold], env={**os.environ, "CLOCK": str(tmp_path / "clock")}, timeout=60)
    assert done.returncode == 0 and 2 <= time.monotonic() - begin < 8
