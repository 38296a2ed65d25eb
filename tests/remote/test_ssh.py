"""Connections that do not come about, with what a user is told of them; and which host keys are known."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from ospreyops.errors import Unreachable
from ospreyops.remote.ssh import connect
from ospreyops.settings import Settings
from tests.lab.wait import until
from tests.own_ssh import path_with_own_ssh

OWN = "Host *\n    UserKnownHostsFile {home}/.ssh/known_hosts\n    IdentityFile {home}/.ssh/id_ed25519\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, without keys and agent."""
    monkeypatch.setenv("PATH", path_with_own_ssh(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text(OWN.format(home=tmp_path))
    return tmp_path


@contextlib.contextmanager
def server(greeting: bytes, *, hangs_up: bool) -> Iterator[int]:
    """A port on the loopback where something greets, and then hangs up or is silent, whoever connects."""
    accepted: list[socket.socket] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection = listener.accept()[0]
                accepted.append(connection)
                connection.sendall(greeting)
                if hangs_up:
                    connection.shutdown(socket.SHUT_RDWR)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=[listener], daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
    for connection in accepted:
        connection.close()


def refusal(port: int, seconds: int = 1) -> Unreachable:
    with pytest.raises(Unreachable) as raised:
        connect(Settings("phil", address="127.0.0.1", user="root", port=port, ssh_connect_timeout=seconds))
    return raised.value


@pytest.mark.parametrize(
    ("greeting", "hangs_up", "why"),
    [
        (b"", False, "no SSH banner within 1 s"),
        (b"", True, "the connection was closed before an SSH banner came"),
        (b"HTTP/1.1 400 Bad Request\r\n", True, "the connection was closed before an SSH banner came"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", False, "no SSH key exchange within 1 s"),
    ],
    ids=["silent", "hangs_up", "another_protocol", "silent_after_its_banner"],
)
def test_a_server_that_does_not_speak_ssh_is_said_with_what_it_did(greeting: bytes, hangs_up: bool, why: str) -> None:
    with server(greeting, hangs_up=hangs_up) as port:
        error = refusal(port)
    assert str(error) == f"phil (root@127.0.0.1:{port}): {why}\n  try: ssh -v -p {port} root@127.0.0.1"


def test_a_port_that_refuses_connections_is_said_so() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        assert refusal(port).case == f"phil (root@127.0.0.1:{port}) cannot be reached: connection refused"


KEYS = {"own": paramiko.ECDSAKey.generate(bits=256), "other": paramiko.ECDSAKey.generate(bits=384)}


@contextlib.contextmanager
def ssh_server() -> Iterator[int]:
    """An SSH server on the loopback with the own key, which lets nobody in."""
    transports: list[paramiko.Transport] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError, paramiko.SSHException):
            transports.append(paramiko.Transport(listener.accept()[0]))
            transports[0].add_server_key(KEYS["own"])
            transports[0].start_server(threading.Event(), paramiko.ServerInterface())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=[listener], daemon=True).start()
        yield int(listener.getsockname()[1])
    for transport in transports:
        transport.close()


@pytest.mark.parametrize(
    ("config", "known", "case"),
    [
        ("", {"[127.0.0.1]:PORT": "own"}, "does not let root@127.0.0.1"),
        ("", {"[127.0.0.1]:PORT": "other"}, "the host key of phil has changed"),
        ("", {"lab": "own"}, "the host key of phil .* is not known"),
        ("HostKeyAlias lab", {"lab": "own"}, "does not let root@127.0.0.1"),
        ("HostKeyAlias lab", {"[127.0.0.1]:PORT": "other", "lab": "own"}, "does not let root@127.0.0.1"),
        ("HostKeyAlias lab", {"[127.0.0.1]:PORT": "own", "lab": "other"}, "the host key of phil has changed"),
        ("HostKeyAlias lab", {"[127.0.0.1]:PORT": "own"}, "the host key of phil .* is not known"),
    ],
)
def test_a_host_key_is_accepted_as_known_hosts_and_the_alias_say(
    home: Path, config: str, known: dict[str, str], case: str
) -> None:
    with ssh_server() as port:
        (home / ".ssh/config").write_text(OWN.format(home=home) + f"    {config}\n")
        lines = (
            f"{name.replace('PORT', str(port))} {KEYS[key].get_name()} {KEYS[key].get_base64()}\n"
            for name, key in known.items()
        )
        (home / ".ssh/known_hosts").write_text("".join(lines))
        assert re.search(case, refusal(port, seconds=10).case)


def known_hosts_line(name: str, key: str) -> str:
    return f"{name} {KEYS[key].get_name()} {KEYS[key].get_base64()}\n"


def test_a_jump_hosts_changed_key_names_the_jump_host_and_the_line_to_forget(home: Path) -> None:
    with ssh_server() as port:
        with (home / ".ssh/config").open("a") as config:
            config.write(f"Host phil\n    ProxyJump gate\nHost gate\n    HostName 127.0.0.1\n    Port {port}\n")
        (home / ".ssh/known_hosts").write_text(known_hosts_line(f"[127.0.0.1]:{port}", "other"))
        with pytest.raises(Unreachable) as raised:
            connect(Settings("phil"))
    assert raised.value.case.startswith("the host key of gate has changed: ecdsa-sha2-nistp256 SHA256:")
    assert f"ssh-keygen -f {home}/.ssh/known_hosts -R '[127.0.0.1]:{port}' && ssh " in raised.value.hint
    assert raised.value.hint.endswith("accept-new gate true")


def test_where_no_host_key_is_kept_the_hint_says_which_keyword_to_change(home: Path) -> None:
    (home / ".ssh/config").write_text(
        "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nGlobalKnownHostsFile none\n"
    )
    with ssh_server() as port:
        error = refusal(port, seconds=10)
    assert "is not known" in error.case
    assert "have UserKnownHostsFile of ssh_config name a file" in error.hint


def test_a_proxy_command_that_says_nothing_is_given_up_and_ended(home: Path) -> None:
    pid = home / "pid"
    with (home / ".ssh/config").open("a") as config:
        config.write(f"    ProxyCommand sh -c 'echo $$ > {pid}; exec sleep 1000'\n")
    with pytest.raises(Unreachable, match="no SSH banner within 1 s"):
        connect(Settings("phil", ssh_connect_timeout=1))
    words = ["ps", "-o", "stat=", "-p", pid.read_text().strip()]
    until(lambda: subprocess.run(words, stdout=subprocess.PIPE).stdout[:1] in b"Z", "the end of ProxyCommand", 10)


def test_a_jump_host_that_refuses_connections_is_named(home: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        with (home / ".ssh/config").open("a") as config:
            config.write(f"Host phil\n    ProxyJump ann@127.0.0.1:{port}\n")
        with pytest.raises(Unreachable) as raised:
            connect(Settings("phil"))
    assert raised.value.case == f"127.0.0.1 (ann@127.0.0.1:{port}) cannot be reached: connection refused"
    assert raised.value.hint == f"ssh -v -l ann -p {port} 127.0.0.1"


def kex(*names: bytes) -> bytes:
    """A first message of a key exchange, with those lists of names; not of the right length where they are few."""
    body = b"\x14" + bytes(16) + b"".join(len(name).to_bytes(4, "big") + name for name in names) + bytes(5)
    padding = 8 + -(len(body) + 13) % 8
    return (len(body) + padding + 1).to_bytes(4, "big") + bytes([padding]) + body + bytes(padding)


BANNER = b"SSH-2.0-OpenSSH_9.2\r\n"


@pytest.mark.parametrize(
    "greeting",
    [
        b"SSH-2.0-\xff\xfe\x1b]0;mine\x07\r\n",
        b"SSH-9.9-odd\r\n",
        b"\x1b[2Jhello\r\n" * 500,
        b"SSH-" * 300_000,
        BANNER + kex(),
        BANNER + kex(*[b"\xff\xfe"] * 10),
        BANNER + kex(*[b""] * 10),
        BANNER + b"\xff" * 100,
        BANNER + b"\0" * 100,
    ],
    ids=["bytes", "version", "talk", "endless", "cut", "no UTF-8", "nothing in common", "huge", "zeros"],
)
def test_a_server_that_sends_odd_bytes_is_said_in_one_line_without_them(
    greeting: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with server(greeting, hangs_up=True) as port:
        error = refusal(port)
    assert len(str(error).splitlines()) == 2, error
    assert error.message.replace("\n", "").isprintable()
    assert len(error.message) < 500
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_host_whose_name_dns_does_not_take_is_said_to_be_no_host() -> None:
    with pytest.raises(Unreachable, match="no host has that name"):
        connect(Settings("a" * 64))


def test_the_hint_of_an_unknown_key_names_the_task_that_shows_and_trusts_it() -> None:
    with ssh_server() as port:
        assert refusal(port, seconds=10).hint.startswith("inv host.trust phil; or compare the fingerprint")
