"""lock_hold.pl, lock_peek.pl and lock_end.pl by themselves, in a folder of this computer."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from ospreyops import change
from ospreyops.remote.perl import program

HOLD, PEEK, END = (Path(change.__file__).parent / f"lock_{name}.pl" for name in ("hold", "peek", "end"))
HOLDER = '{"who": "jeff"}'
PATIENCE = 20


def perl(file: Path, *words: object, folder: Path) -> subprocess.CompletedProcess[str]:
    line = ["perl", "-w", str(file), *map(str, words)]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)


@contextmanager
def held(folder: Path, silence: float = 60) -> Iterator[tuple[subprocess.Popen[str], IO[str], IO[str]]]:
    """The lock of the folder, held by the program as it is sent, with its input and its output."""
    words = ["perl", "-we", program(change.__name__, HOLD.name), "token", HOLDER, str(silence)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1) as process:
        assert process.stdin and process.stdout
        try:
            assert re.fullmatch("\nok -?[0-9.]+\n", process.stdout.readline() + process.stdout.readline())
            yield process, process.stdin, process.stdout
        finally:
            process.kill()


def end_of(process: subprocess.Popen[str]) -> tuple[int, str]:
    said = process.communicate(timeout=PATIENCE)[1]
    return process.returncode, said


def test_a_lock_that_nobody_holds_is_free(tmp_path: Path) -> None:
    assert perl(PEEK, folder=tmp_path).stdout == "free\n"
    (tmp_path / "lock").write_text(f"{HOLDER}\n")
    assert perl(PEEK, folder=tmp_path).stdout == "free\n"
    assert perl(END, 1, folder=tmp_path).returncode == 0


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    with held(tmp_path) as (first, _, _):
        holder = f'{{"who": "jeff","perl":{first.pid}}}'
        second = perl(HOLD, "token", HOLDER, 60, folder=tmp_path)
        assert (second.returncode, second.stdout, second.stderr) == (0, f"\nheld {holder}\n", "")
        seen = perl(PEEK, folder=tmp_path)
        assert re.fullmatch(rf"held [0-9]+ 1 {re.escape(holder)}\n", seen.stdout) and seen.stderr == ""


def test_a_holder_leaves_its_last_record_when_its_input_ends_and_frees_the_lock(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").write_text("cut off by a power cu")
    with held(tmp_path) as (process, stdin, stdout):
        stdin.write("a password\ntoken first\ntoken last\n\n")
        assert [stdout.readline() for _ in range(4)] == ["\n", "told\n"] * 2
        assert end_of(process) == (0, "")
    assert (tmp_path / "history.jsonl").read_text() == "cut off by a power cu\nlast\n"
    assert (tmp_path / "lock").read_text() == ""
    assert perl(PEEK, folder=tmp_path).stdout == "free\n"


def test_a_silent_holder_loses_the_lock(tmp_path: Path) -> None:
    with held(tmp_path, silence=0.2) as (process, _, _):
        assert process.wait(PATIENCE) == 0
    assert perl(PEEK, folder=tmp_path).stdout == "free\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_holder_that_is_ended_by_a_signal_leaves_its_record(number: signal.Signals, tmp_path: Path) -> None:
    with held(tmp_path) as (process, stdin, stdout):
        stdin.write("token record\n")
        assert [stdout.readline() for _ in range(2)] == ["\n", "told\n"]
        process.send_signal(number)
        assert process.wait(PATIENCE) == 0
    assert (tmp_path / "history.jsonl").read_text() == "record\n"


def test_a_history_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "history.jsonl").symlink_to("/dev/full")
    with held(tmp_path) as (process, stdin, stdout):
        stdin.write("token record\n")
        assert [stdout.readline() for _ in range(2)] == ["\n", "told\n"]
        code, said = end_of(process)
    assert code > 0 and said == "history: No space left on device\n"


@pytest.mark.parametrize("stuck", [False, True], ids=["", "although_it_is_stuck"])
def test_the_process_that_holds_the_lock_is_ended(stuck: bool, tmp_path: Path) -> None:
    with held(tmp_path) as (process, _, _):
        if stuck:
            process.send_signal(signal.SIGSTOP)
        ended = perl(END, process.pid, folder=tmp_path)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
        assert process.wait(PATIENCE) == (-signal.SIGKILL if stuck else 0)


def test_a_process_that_does_not_hold_the_lock_is_left_alone(tmp_path: Path) -> None:
    with held(tmp_path), subprocess.Popen(["sleep", "60"]) as other:
        assert perl(END, other.pid, folder=tmp_path).stderr == "another holds it now\n"
        (tmp_path / "lock").write_text(f'{{"perl":{other.pid}}}\n')
        assert perl(END, other.pid, folder=tmp_path).stderr == f"process {other.pid} does not hold it\n"
        assert perl(PEEK, folder=tmp_path).stdout.split()[2] == "0"
        assert other.poll() is None
        other.kill()


def test_the_age_of_the_last_heartbeat_is_told_whatever_the_clock_says(tmp_path: Path) -> None:
    """The kernel counts the seconds of both programs; the file's own time is the clock's."""
    file = tmp_path / "lock"
    with held(tmp_path) as (_, stdin, stdout):
        os.utime(file, (time.time() - 3600, time.time() - 3600))
        assert int(perl(PEEK, folder=tmp_path).stdout.split()[1]) < 100
        holder, beat, _ = file.read_text().split("\n")
        file.write_text(f"{holder}\n{float(beat) - 200:020.2f}\n")
        assert int(perl(PEEK, folder=tmp_path).stdout.split()[1]) >= 200
        stdin.write("token heartbeat\n")
        assert [stdout.readline() for _ in range(2)] == ["\n", "told\n"]
        assert int(perl(PEEK, folder=tmp_path).stdout.split()[1]) < 100


def test_the_age_of_a_heartbeat_of_an_older_version_is_told(tmp_path: Path) -> None:
    with held(tmp_path):
        file = tmp_path / "lock"
        file.write_text(f"{HOLDER}\n")
        os.utime(file, (time.time() - 100, time.time() - 100))
        assert int(perl(PEEK, folder=tmp_path).stdout.split()[1]) >= 100
