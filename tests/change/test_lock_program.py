"""The program that holds the lock on the host: how it ends, and what it leaves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ospreyops import text
from ospreyops.change import lock
from ospreyops.remote.command import Command
from ospreyops.remote.protocol import with_timeout
from ospreyops.remote.streams import LocalStream
from tests.sim.answers import FOLDER
from tests.sim.host import SimHost
from tests.worlds import free, history, take, until_free

PASSWORD = "a password that is longer than any token, and has words"


def test_who_gives_no_heartbeat_loses_the_lock_and_is_said_to_be_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT_TIMEOUT", 0.3)
    host = SimHost()
    held = take(host)
    held.tell({"outcome": "cut off"})
    until_free(host)
    with pytest.raises(lock.LockLost):
        held.line("never said")
    assert history(host) == [{"outcome": "cut off"}]


def test_heartbeats_keep_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "HEARTBEAT", 0.05)
    monkeypatch.setattr(lock, "HEARTBEAT_TIMEOUT", 0.5)
    host = SimHost()
    held = take(host)
    for _ in range(8):
        subprocess.run(["perl", "-e", "select undef,undef,undef,.1"], check=True)
    assert not free(host)
    held.end(None)
    assert free(host)


def test_a_holder_whose_reader_is_gone_still_leaves_its_line() -> None:
    host = SimHost()
    held = take(host)
    for number in range(50):
        held.tell({"number": number})
    held.end(None)
    assert history(host) == [{"number": 49}]


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
