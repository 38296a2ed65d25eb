"""limit.pl and ask.pl by themselves, run from their files."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path

import pytest

import ospreyops
from ospreyops.remote import protocol
from ospreyops.remote.command import Answer

FOLDER = Path(ospreyops.__file__).parent / "remote"
LIMIT, ASK = FOLDER / "limit.pl", FOLDER / "ask.pl"
PATIENCE = 20


def perl(file: Path, *words: object, holding: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run the program. holding: files that it inherits."""
    line = ["perl", "-w", str(file), *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE, pass_fds=holding, check=False)


def over(pipe: int) -> bool:
    """Nobody holds the pipe's other end any more, within the patience."""
    return bool(select.select([pipe], [], [], PATIENCE)[0]) and os.read(pipe, 1) == b""


@pytest.mark.parametrize(("line", "code"), [("true", 0), ("exit 3", 3), ("kill -TERM $$", 143)])
def test_a_line_under_a_limit_ends_with_its_own_exit_status(line: str, code: int) -> None:
    ended = perl(LIMIT, 10, f"echo out; echo err >&2; {line}")
    assert (ended.returncode, ended.stdout, ended.stderr) == (code, "out\n", "err\n")


def test_a_limit_ends_all_that_a_line_has_started() -> None:
    ended = perl(LIMIT, 1, "trap '' TERM HUP; echo begun; sleep 60 & (sleep 60 & sleep 60); wait")
    assert (ended.returncode, ended.stdout) == (protocol.LATE, "begun\n")
    assert ended.stderr == f"{protocol.LATE_MARK}\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_a_line_with_all_that_it_has_started(number: signal.Signals) -> None:
    words = ["perl", str(LIMIT), "60", "sleep 60 & echo begun; sleep 60"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline() == b"begun\n"
        process.send_signal(number)
        assert process.wait(PATIENCE) == 130
        assert over(process.stdout.fileno())


def test_questions_in_time_and_late_ones_are_answered_together() -> None:
    asked = perl(ASK, *("good", 10, "", "echo yes; echo but >&2; exit 4"), *("late", 1, "", "echo begun; sleep 60"))
    assert (asked.returncode, asked.stderr) == (0, "")
    assert protocol.parse_batch(asked.stdout) == {
        "good": Answer(4, "yes\n", "but\n"),
        "late": Answer(-1, "begun\n", late=True),
    }


def test_an_answer_is_a_line_with_its_output_in_hexadecimal() -> None:
    assert perl(ASK, "one", 10, "", "printf a; exit 2").stdout == "\none 2 0 61. .\n"


def test_an_output_beyond_what_is_kept_is_dropped_and_its_line_still_ends() -> None:
    answer = protocol.parse_batch(perl(ASK, "big", 10, "", "head -c 4000000 /dev/zero; exit 5").stdout)["big"]
    assert (answer.code, answer.late) == (5, False)
    assert protocol.LONGEST <= len(answer.out) <= protocol.LONGEST + 65536


def test_a_late_question_is_ended_with_all_that_it_has_started() -> None:
    pipe, held = os.pipe()
    perl(ASK, "late", 1, "", "sleep 60 & echo begun; sleep 60", holding=(held,))
    os.close(held)
    assert over(pipe)
    os.close(pipe)


@pytest.mark.parametrize("begin", ["", "sleep 60 & "], ids=["alone", "with what it has started"])
def test_a_question_is_ended_once_another_says_that_it_is_in_vain(begin: str) -> None:
    told = ("teller", 60, "", "sleep 0.2; echo no; echo yes")
    asked = perl(ASK, "vain", 60, "teller ^yes$", f"{begin}echo begun; sleep 60", *told)
    assert protocol.parse_batch(asked.stdout) == {
        "teller": Answer(0, "no\nyes\n"),
        "vain": Answer(-1, "begun\n", late=True),
    }


@pytest.mark.parametrize("said", ["", "no", "not yes", "yes and no", "yes; exit 1", "yes; kill -9 $$"])
def test_a_question_goes_on_as_long_as_no_other_says_that_it_is_in_vain(said: str) -> None:
    others = ("teller", 10, "", f"echo {said}"), ("another", 10, "", "echo yes")
    asked = perl(ASK, "vain", 10, "teller ^yes$", "sleep 0.5; echo done", *others[0], *others[1])
    assert protocol.parse_batch(asked.stdout)["vain"] == Answer(0, "done\n")
