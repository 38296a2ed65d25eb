"""A host that cannot run what it is asked: this computer, without perl or with a shell that goes its own way."""

from __future__ import annotations

from pathlib import Path

import pytest

from ospreyops.console import Console, Screen
from ospreyops.errors import Blocked, Failed
from ospreyops.remote import protocol
from ospreyops.remote.command import Command
from ospreyops.remote.host import Host
from ospreyops.remote.streams import LocalStream
from ospreyops.settings import HERE, Settings

QUESTIONS = {"one": Command("echo one", 5), "two": Command("echo two", 5)}


@pytest.fixture
def host() -> Host:
    return Host(Settings(HERE), Console(Screen(), HERE))


def test_a_host_without_perl_is_told_what_to_install(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "PATH", f"PATH={tmp_path}; ")
    with pytest.raises(Blocked) as blocked:
        host.ask(QUESTIONS)
    assert str(blocked.value) == "perl is missing on localhost\n  try: apt-get install perl-base"


def test_a_host_that_leaves_questions_unanswered_is_said_with_its_own_words(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "PATH", "echo 'This account is not available.'; exit 1; ")
    with pytest.raises(Blocked) as blocked:
        host.ask(QUESTIONS)
    assert str(blocked.value).splitlines() == [
        "localhost answered 0 of 2 questions",
        "  | This account is not available.",
        "  try: perl -v",
    ]


def test_a_line_past_its_limit_fails_with_the_limit(host: Host) -> None:
    with pytest.raises(Failed, match=r"^ended after 1 s, its limit: sleep 60$"):
        host.run(Command("sleep 60", 1))


def test_a_line_that_exits_with_the_status_of_a_limit_is_told_apart_from_it(host: Host) -> None:
    with pytest.raises(Failed, match=r"^exit status 124: no such thing"):
        host.run(Command("echo no such thing >&2; exit 124", 5))


def test_a_program_that_has_ended_before_it_is_talked_to_is_told_with_its_exit_status() -> None:
    for _ in range(40):
        stream = LocalStream("exec sh -c 'exit 7'", b"")
        assert stream.finish().code == 7
    streams = [LocalStream("exit 7", b"a line\n" * 10_000) for _ in range(40)]
    assert {stream.finish().code for stream in streams} == {7}
