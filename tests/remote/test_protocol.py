"""Limits on the host: the real Perl programs, started as a login shell starts them."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ospreyops.remote.command import Answer, Command, sh
from ospreyops.remote.protocol import LATE, LATE_MARK, batch, parse_batch, with_timeout

shells = pytest.mark.parametrize("shell", ["sh", "bash"])
PATIENCE = 20
LONG = "sleep 60"
HOLDING = {
    "tree": f"echo begun; {LONG} & ({LONG} & {LONG}); wait",
    "child_with_output": f"{LONG} & echo begun",
    "child_with_errors": f"{LONG} >/dev/null & echo begun",
    "output_closed": f"echo begun; exec >/dev/null; {LONG}",
    "all_closed": f"echo begun; exec >&- 2>&-; {LONG}",
    "signals_ignored": f"trap '' TERM HUP; echo begun; {LONG}; {LONG}",
}
"""Questions that do not end by themselves."""
BUSY = "*CORE::GLOBAL::fork=sub(){my $child=CORE::fork; select undef,undef,undef,1 if $child; $child}; 1"
"""Perl gets no turn for a second after it has forked."""


def run(
    command: Command, shell: str = "sh", stdin: bytes = b"", path: str = os.environ["PATH"]
) -> subprocess.CompletedProcess[bytes]:
    """The line under its limit, as sshd runs it: by a login shell; it returns when nobody holds its output any more."""
    words = [shell, "-c", with_timeout(command)]
    return subprocess.run(words, input=stdin, capture_output=True, timeout=PATIENCE, env={"PATH": path})


def ask(shell: str = "sh", held: Optional[int] = None, limit: float = 10, **lines: str) -> dict[str, Answer]:
    """The answers to the lines, asked in parallel, with an input that never ends; held: what they inherit."""
    questions = {name: sh(line, limit=limit) for name, line in lines.items()}
    kept = () if held is None else (held,)
    stdin, writer = os.pipe()
    words = [shell, "-c", batch(questions)]
    printed = subprocess.check_output(words, stdin=stdin, timeout=PATIENCE, pass_fds=kept)
    os.close(stdin)
    os.close(writer)
    return parse_batch(printed.decode())


def nobody_holds(pipe: int) -> bool:
    """All processes that inherited the pipe's other end are gone, within the patience."""
    return bool(select.select([pipe], [], [], PATIENCE)[0]) and os.read(pipe, 1) == b""


@shells
@pytest.mark.parametrize(
    ("line", "code"),
    [("true", 0), ("exit 3", 3), ("exit 255", 255), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("no-such-tool", 127)],
)
def test_a_line_ends_with_its_own_exit_status(line: str, code: int, shell: str) -> None:
    assert run(sh(line, limit=10), shell).returncode == code
    assert ask(shell, it=line)["it"].code == code


def test_a_line_past_its_limit_is_ended_with_all_that_it_started_and_says_so() -> None:
    """No limit is below a second."""
    ended = run(sh(f"trap '' TERM HUP INT ALRM; echo begun; {LONG} & ({LONG} & {LONG}); wait", limit=0.2))
    assert (ended.returncode, ended.stdout) == (LATE, b"begun\n")
    assert LATE_MARK in ended.stderr.decode()


def test_a_line_whose_reader_is_gone_is_ended_at_its_limit_all_the_same() -> None:
    reader, said = os.pipe()
    held, writer = os.pipe()
    line = with_timeout(sh(f"{LONG} & wait", limit=1))
    with subprocess.Popen(["sh", "-c", line], stdout=said, stderr=said, pass_fds=[writer]):
        for end in (reader, said, writer):
            os.close(end)
        assert nobody_holds(held)
    os.close(held)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("busy", [False, True], ids=["", "on_a_busy_machine"])
def test_a_line_whose_perl_is_ended_goes_with_it(number: signal.Signals, busy: bool, tmp_path: Path) -> None:
    line = with_timeout(sh(f"({LONG}) & echo begun; {LONG}", limit=60))
    env = {**os.environ, "PERL5OPT": f"-I{tmp_path} -MBusy"} if busy else None
    (tmp_path / "Busy.pm").write_text(BUSY)
    with subprocess.Popen(["sh", "-c", line], stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None and process.stdout.readline() == b"begun\n"
        process.send_signal(number)
        assert process.wait(PATIENCE) == 130
        assert nobody_holds(process.stdout.fileno())


def test_a_service_started_in_the_background_outlives_its_line() -> None:
    service = int(run(sh(f"{LONG} >/dev/null 2>&1 & echo $!", limit=10)).stdout)
    assert Path(f"/proc/{service}/cmdline").read_text().split("\0")[:2] == LONG.split()
    os.kill(service, signal.SIGKILL)


def test_a_line_gets_its_input_and_gives_its_output_and_errors_apart_byte_by_byte() -> None:
    data = bytes(range(256)) * 1000
    ended = run(sh("cat; cat /no/such/file", limit=10), stdin=data)
    assert ended.stdout == data
    assert b"/no/such/file" in ended.stderr


def test_the_tools_of_root_are_found_with_the_path_of_a_user() -> None:
    assert run(sh("command -v ldconfig", limit=10), path="/usr/bin:/bin").returncode == 0


@shells
def test_questions_run_in_parallel(tmp_path: Path, shell: str) -> None:
    """Each can only end while the other runs, too."""
    one, two = tmp_path / "one", tmp_path / "two"
    os.mkfifo(one)
    os.mkfifo(two)
    said = ask(shell, left=f"echo hello >{one}; cat {two}", right=f"cat {one}; echo welcome >{two}")
    assert (said["left"].out, said["right"].out) == ("welcome\n", "hello\n")
    assert said["left"].ok and said["right"].ok


def test_an_answer_tells_output_errors_and_exit_status_apart() -> None:
    said = ask(one="echo out; echo err >&2; exit 4", two="printf no-newline", three="true")
    assert said == {"one": Answer(4, "out\n", "err\n"), "two": Answer(0, "no-newline"), "three": Answer(0)}


def test_a_long_answer_comes_over_whole() -> None:
    assert ask(it="yes 0123456789 | head -n 50000")["it"].out == "0123456789\n" * 50000


def test_bytes_that_are_no_text_are_replaced_and_the_rest_stays() -> None:
    assert ask(it=r"printf 'a\000\351\303\251\r\n\n b'")["it"].out == "a\0\ufffdé\r\n\n b"


def test_a_question_has_no_input() -> None:
    assert ask(it="cat; echo ended")["it"].out == "ended\n"


@pytest.fixture(scope="module")
def late() -> Iterator[tuple[dict[str, Answer], int]]:
    """What a good question and many that do not end come to, all asked at once; a pipe whose other end they hold."""
    pipe, held = os.pipe()
    found = ask(held=held, limit=1, good="echo good", endless="exec yes", **HOLDING)
    os.close(held)
    yield found, pipe
    os.close(pipe)


def test_a_question_in_time_is_not_spoilt_by_those_that_are_late(late: tuple[dict[str, Answer], int]) -> None:
    assert late[0]["good"] == Answer(0, "good\n")


@pytest.mark.parametrize("name", HOLDING)
def test_a_question_that_holds_on_is_over_at_its_limit(name: str, late: tuple[dict[str, Answer], int]) -> None:
    answer = late[0][name]
    assert answer == Answer(-1, "begun\n", late=True)
    assert not answer.ok and answer.said == "it did not end in time"


def test_late_questions_are_ended_with_all_that_they_started(late: tuple[dict[str, Answer], int]) -> None:
    assert nobody_holds(late[1])


def test_an_answer_without_end_does_not_fill_the_memory(late: tuple[dict[str, Answer], int]) -> None:
    assert late[0]["endless"].late
    assert 0 < len(late[0]["endless"].out) < 4_000_000


def test_an_answer_among_the_greetings_of_a_login_shell_is_found() -> None:
    printed = subprocess.check_output(["sh", "-c", f"printf Welcome; {batch({'it': Command('echo', 5)})}"])
    assert parse_batch(printed.decode() + "bye 1 0 x. .\n") == {"it": Answer(0, "\n")}


@settings(deadline=None)
@given(st.text() | st.from_regex(r"\A[a-z]+ -?[0-9]+ [01] [0-9a-f]*[.] [0-9a-f]*[.]\n\Z"))
@example("it 0 0 616. .")
def test_whatever_is_printed_is_read_as_answers_or_passed_over(printed: str) -> None:
    for name, answer in parse_batch(printed).items():
        assert re.fullmatch(r"\w+", name) and name in printed and isinstance(answer.code, int)
