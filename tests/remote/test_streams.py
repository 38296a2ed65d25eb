"""A line that is talked to: nothing that a login shell prints before it counts, and it leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ospreyops.remote.command import Command
from ospreyops.remote.protocol import new_mark, with_timeout
from ospreyops.remote.streams import Begun, LocalStream
from tests.conftest import PROJECT
from tests.lab.wait import until

GREETING = "stty: standard input: Inappropriate ioctl for device"


def begun(line: str, shell: str) -> Begun:
    """A line in a login shell whose start files say or do something."""
    mark = new_mark()
    return Begun(LocalStream(f"{shell}; {with_timeout(Command(line, 10), mark)}", b""), mark)


def read(stream: Begun) -> bytes:
    said = b""
    while part := stream.sock.recv(3):
        said += part
    return said


@pytest.mark.parametrize("greeting", ["Welcome to olympias", "HTTP/1.1 500 No\\r\\n", "ospreyops-", "x" * 70_000, ""])
def test_a_line_is_heard_from_where_it_begins(greeting: str) -> None:
    stream = begun("echo said; echo wrong >&2; exit 3", f"printf '{greeting}\\n'; echo '{GREETING}' >&2")
    assert read(stream) == b"said\n"
    ended = stream.finish()
    assert (ended.code, ended.err) == (3, "wrong\n")


def test_a_line_that_did_not_begin_leaves_all_that_was_said() -> None:
    stream = begun("true", f"echo '{GREETING}' >&2; echo 'sudo: a password is required' >&2; exit 1")
    assert read(stream) == b""
    assert stream.finish().err == f"{GREETING}\nsudo: a password is required\n"


def test_a_login_shell_that_never_ends_to_talk_is_given_up() -> None:
    stream = begun("true", "trap 'exit 0' PIPE; yes Welcome || exit 0; exit 0")
    with pytest.raises(OSError, match="says too much"):
        read(stream)
    stream.finish()


def test_programs_speak_as_they_are_read_whatever_the_users_language_is() -> None:
    stream = begun("echo $LC_ALL", "LC_ALL=de_DE.UTF-8; export LC_ALL")
    assert read(stream) == b"C\n"
    stream.finish()


def test_a_program_ends_though_a_line_that_it_left_does_not() -> None:
    left = "from ospreyops.remote.streams import LocalStream; LocalStream('exec sleep 61', b'').leave()"
    assert subprocess.run([sys.executable, "-c", left], cwd=PROJECT, timeout=40).returncode == 0


def test_a_line_that_nobody_waits_for_leaves_no_ended_process_behind() -> None:
    stream = LocalStream("exec cat", b"")
    stream.leave()
    until(lambda: stream._process.returncode == 0, "its end, which the system was asked for", 20)
