"""The Perl programs by themselves, from their files as a user would run them, and how they are sent."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

import ospreyops
from ospreyops.daemon import bundle
from ospreyops.remote import protocol
from ospreyops.remote.command import Answer
from ospreyops.remote.perl import one_line, program

PACKAGE = Path(ospreyops.__file__).parent
FILES = sorted(PACKAGE.rglob("*.pl"))
LIMIT, ASK = PACKAGE / "remote/limit.pl", PACKAGE / "remote/ask.pl"
HOLD, PEEK, END = (PACKAGE / f"change/lock_{name}.pl" for name in ("hold", "peek", "end"))
HOLDER = '{"who": "jeff"}'
PATIENCE = 20

each_file = pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])


def sent(file: Path) -> str:
    return program(".".join(file.relative_to(PACKAGE.parent).parent.parts), file.name)


def perl(file: Path, *words: object, folder: Path = Path("/")) -> subprocess.CompletedProcess[str]:
    """The program in that file, as it is."""
    line = ["perl", "-w", str(file), *map(str, words)]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)


def over(pipe: int) -> bool:
    """Nobody holds the pipe's other end any more, within the patience."""
    return bool(select.select([pipe], [], [], PATIENCE)[0]) and os.read(pipe, 1) == b""


# How a program is sent


@each_file
def test_perl_has_no_error_and_no_warning_for_a_program(file: Path) -> None:
    checked = subprocess.run(["perl", "-cw", str(file)], capture_output=True, text=True, timeout=PATIENCE)
    assert checked.stderr == f"{file} syntax OK\n"
    assert "\nuse strict;\n" in file.read_text()


@each_file
def test_any_login_shell_takes_a_program_and_perl_takes_it_as_it_is_sent(file: Path) -> None:
    assert re.fullmatch(r"[ -~]+", sent(file)) and not set("!'") & set(sent(file))
    checked = subprocess.run(["perl", "-cwe", sent(file)], capture_output=True, text=True, timeout=PATIENCE)
    assert checked.stderr == "-e syntax OK\n"


def test_a_program_is_sent_without_its_comments_and_indentation() -> None:
    source = '#!/usr/bin/perl\n# It\'s "fine"!\n\nif ($#ARGV) {\n    print "a # b" if 1;\n\n    # done\n}\n'
    with pytest.raises(ValueError, match="a comment behind code"):
        one_line(source)
    assert one_line(source.replace(" # b", "#b")) == 'if ($#ARGV) { print "a#b" if 1; }'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("exit if !$ready;", "an exclamation mark"),
        ("print $!;", "an exclamation mark"),
        ("print 'text';", "a single quote"),
        ("print <<TEXT;", "a here-document"),
        ("print <<~TEXT;", "a here-document"),
        ("exit; # done", "a comment behind code"),
        ("=head1 NAME", "documentation"),
        ("__END__", "an end mark"),
        ("__DATA__", "an end mark"),
        ('print "two', "a text over more than one line"),
        ("print qq(é);", "a character that is not printable ASCII"),
        ("print qq(\t);", "a character that is not printable ASCII"),
    ],
)
def test_a_program_that_would_change_on_one_line_is_refused_with_the_reason(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}.*: {re.escape(line)}$"):
        one_line(f"use strict;\n    {line}\n")


def test_the_one_file_of_the_watchdog_has_the_programs(tmp_path: Path) -> None:
    names = [(".".join(file.relative_to(PACKAGE.parent).parent.parts), file.name) for file in FILES]
    code = (
        f"import sys; sys.path.insert(0, {str(bundle.build(tmp_path / 'osprey.pyz'))!r}); import json; "
        f"from ospreyops.remote.perl import program; print(json.dumps([program(*name) for name in {names}]))"
    )
    words = [sys.executable, "-I", "-S", "-c", code]
    read = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout) == [sent(file) for file in FILES]


def test_the_programs_and_the_package_agree_on_their_constants() -> None:
    assert f"exit {protocol.LATE};" in sent(LIMIT)
    assert f'print STDERR "{protocol.LATE_MARK}\\n";' in sent(LIMIT)
    assert f"my $longest = {protocol.LONGEST};" in sent(ASK)


# limit.pl


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


# ask.pl


def test_questions_in_time_and_late_ones_are_answered_together() -> None:
    asked = perl(ASK, *("good", 10, "echo yes; echo but >&2; exit 4"), *("late", 1, "echo begun; sleep 60"))
    assert (asked.returncode, asked.stderr) == (0, "")
    assert protocol.parse_batch(asked.stdout) == {
        "good": Answer(4, "yes\n", "but\n"),
        "late": Answer(-1, "begun\n", late=True),
    }


def test_an_answer_is_a_line_with_its_output_in_hexadecimal() -> None:
    assert perl(ASK, "one", 10, "printf a; exit 2").stdout == "\none 2 0 61. .\n"


def test_an_output_beyond_what_is_kept_is_dropped_and_its_line_still_ends() -> None:
    answer = protocol.parse_batch(perl(ASK, "big", 10, "head -c 4000000 /dev/zero; exit 5").stdout)["big"]
    assert (answer.code, answer.late) == (5, False)
    assert protocol.LONGEST <= len(answer.out) <= protocol.LONGEST + 65536


# lock_hold.pl, lock_peek.pl, lock_end.pl


@contextmanager
def held(folder: Path, silence: float = 60) -> Iterator[tuple[subprocess.Popen[str], IO[str], IO[str]]]:
    """The lock of the folder, held by the program as it is sent, with its input and its output."""
    words = ["perl", "-we", sent(HOLD), "token", HOLDER, str(silence)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1) as process:
        assert process.stdin and process.stdout
        try:
            assert (process.stdout.readline(), process.stdout.readline()) == ("\n", "ok\n")
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


def test_the_age_of_the_last_heartbeat_is_told(tmp_path: Path) -> None:
    with held(tmp_path) as (_, stdin, stdout):
        old = time.time() - 100
        os.utime(tmp_path / "lock", (old, old))
        assert int(perl(PEEK, folder=tmp_path).stdout.split()[1]) >= 100
        stdin.write("token heartbeat\n")
        assert [stdout.readline() for _ in range(2)] == ["\n", "told\n"]
        assert int(perl(PEEK, folder=tmp_path).stdout.split()[1]) < 100
