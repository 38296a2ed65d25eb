"""Connections to many hosts at once."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ospreyops.console import Console, Screen
from ospreyops.errors import Unreachable
from ospreyops.remote.background import Background
from ospreyops.remote.host import Host
from ospreyops.settings import Settings
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
