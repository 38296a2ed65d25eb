"""Connections to many hosts at once."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ospreyops.console import Console, Screen
from ospreyops.errors import Unreachable
from ospreyops.remote.background import Background
from ospreyops.remote.host import Host
from ospreyops.remote.ssh import connect
from ospreyops.remote.turns import AT_ONCE, turn
from ospreyops.settings import Settings
from tests.conftest import Inv
from tests.own_ssh import path_with_own_ssh

CLOSED = "the connection was closed before an SSH banner came"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, without keys and agent."""
    monkeypatch.setenv("PATH", path_with_own_ssh(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").touch()
    return tmp_path


@contextlib.contextmanager
def silent_until(count: int) -> Iterator[int]:
    """A port whose connections stay silent until so many stand at once; then all end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                accepted = [listener.accept()[0] for _ in range(count)]
                while True:
                    for connection in accepted:
                        connection.close()
                    accepted = [listener.accept()[0]]

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def test_several_hosts_are_connected_to_at_the_same_time() -> None:
    with silent_until(2) as port:
        hosts = [
            Host(Settings(name, address="127.0.0.1", port=port, ssh_connect_timeout=5), Console(Screen(), name))
            for name in ("jerry", "phil")
        ]
        connecting = [Background(lambda host=host: host.address) for host in hosts]  # type: ignore[misc]  # mypy
        for one in connecting:
            with pytest.raises(Unreachable, match=CLOSED):
                one.result(20)


@contextlib.contextmanager
def crowded(sent_away: int) -> Iterator[int]:
    """A port where an SSH server sends so many away, as OpenSSH does, and then greets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            kept = []
            with contextlib.suppress(OSError):
                for _ in range(sent_away):
                    with listener.accept()[0] as connection:
                        connection.sendall(b"Exceeded MaxStartups\r\n")
                while True:
                    kept.append(listener.accept()[0])
                    kept[-1].sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


def test_who_is_sent_away_by_a_crowded_server_comes_again() -> None:
    with crowded(2) as port, pytest.raises(Unreachable, match="no SSH key exchange within 1 s"):
        connect(Settings("phil", address="127.0.0.1", port=port, ssh_connect_timeout=1))


def test_only_so_many_connect_to_one_server_at_the_same_time() -> None:
    with contextlib.ExitStack() as eight:
        for _ in range(AT_ONCE):
            eight.enter_context(turn("lesh", 22, 60))
        another = Background(lambda: turn("jerry", 22, 60).__enter__())
        another.wait(60)
        ninth = Background(lambda: turn("lesh", 22, 60).__enter__())
        with pytest.raises(TimeoutError):
            ninth.wait(0.5)
    ninth.wait(60)


def test_a_dead_server_keeps_nobody_for_longer_than_the_limit() -> None:
    with contextlib.ExitStack() as dead:
        for _ in range(AT_ONCE + 1):
            dead.enter_context(turn("weir", 22, 0.01))


def test_many_hosts_are_asked_where_few_files_may_be_open(home: Path) -> None:
    hosts = [f"one-{number}" for number in range(AT_ONCE)]
    with silent_until(AT_ONCE) as port:
        (home / ".ssh/config").write_text(f"Host one-*\n    HostName 127.0.0.1\n    Port {port}\n")
        inv = Inv({"HOME": str(home)})
        said = inv.shell(f"ulimit -Sn 16; {sys.executable} -m invoke status -H {','.join(hosts)} 2>&1 || test $? = 4")
    assert said.count(f"{CLOSED}\n") == 2 * len(hosts), said
