"""Which keys a server is offered, and in which order, with a real agent."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pexpect
import pytest
from paramiko.common import AUTH_FAILED, AUTH_PARTIALLY_SUCCESSFUL, AUTH_SUCCESSFUL
from paramiko.server import InteractiveQuery

from ospreyops.remote.identities import Identities, socket_of_agent
from ospreyops.remote.ssh_config import Login, SshConfig
from tests.conftest import PROJECT
from tests.lab.ssh import make_key
from tests.lab.wait import until
from tests.own_ssh import path_with_own_ssh

NAMES = ("held", "held_too", "file", "absent")


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The socket of an agent that holds two of the keys in its folder; of one, the folder has only the public half."""
    path = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL)
    try:
        until(path.exists, "the agent's socket", 10)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        for name in NAMES:
            make_key(tmp_path / name)
        held = [str(tmp_path / name) for name in NAMES[:2]]
        subprocess.run(["ssh-add", "-q", *held], check=True, capture_output=True, timeout=20)
        (tmp_path / "held_too").unlink()
        yield path
    finally:
        process.terminate()
        process.wait(timeout=10)


def offered(folder: Path, **keywords: str) -> list[str]:
    """The names of the keys that are offered. keywords: ssh_config's; identityfile may have several, with blanks."""
    values = {keyword: [value] for keyword, value in keywords.items()}
    files = [str(folder / name) for name in keywords.get("identityfile", "").split()]
    config = SshConfig(
        Login("box"), {**values, "user": ["ann"], "hostname": ["box"], "port": ["22"], "identityfile": files}
    )
    public = {(folder / f"{name}.pub").read_text().split()[1]: name for name in NAMES}
    return [public[source.pkey.get_base64()] for source in Identities(config, 10).get_sources()]


def test_the_agents_keys_that_are_named_come_first_then_its_others_then_files(agent: Path) -> None:
    assert offered(agent.parent, identityfile="file held_too") == ["held_too", "held", "file"]


def test_with_identities_only_the_agents_other_keys_are_not_offered(agent: Path) -> None:
    assert offered(agent.parent, identityfile="file held_too", identitiesonly="yes") == ["held_too", "file"]


def test_a_named_key_whose_private_half_only_the_agent_has_is_offered(agent: Path) -> None:
    assert offered(agent.parent, identityfile="held_too.pub", identitiesonly="yes") == ["held_too"]


def test_identity_agent_none_leaves_the_files(agent: Path) -> None:
    assert offered(agent.parent, identityfile="held file", identityagent="none") == ["held", "file"]


def test_identity_agent_may_be_a_path_or_a_variable(agent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nowhere")
    monkeypatch.setenv("OTHER", str(agent))
    assert offered(agent.parent) == []
    assert offered(agent.parent, identityagent=str(agent)) == ["held", "held_too"]
    assert offered(agent.parent, identityagent="$OTHER") == ["held", "held_too"]
    assert socket_of_agent(SshConfig(Login("box"), {"identityagent": ["SSH_AUTH_SOCK"]})) == "/nowhere"


class SecondFactor(paramiko.ServerInterface):
    """A server that lets in with a key and a code. Its prompt tries to change the terminal."""

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return AUTH_PARTIALLY_SUCCESSFUL

    def get_allowed_auths(self, username: str) -> str:
        return "publickey,keyboard-interactive"

    def check_auth_interactive(self, username: str, submethods: str) -> InteractiveQuery:
        return InteractiveQuery("", "", ("\x1b]0;gone\x07code: ", False))

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        return AUTH_SUCCESSFUL if responses == ["1234"] else AUTH_FAILED


@pytest.mark.parametrize(("code", "end"), [("1234", "let in"), ("4321", "does not let ann@127.0.0.1")])
def test_a_second_factor_is_asked_for_on_the_terminal_in_words_that_cannot_change_it(
    tmp_path: Path, code: str, end: str
) -> None:
    own = paramiko.ECDSAKey.generate(bits=256)
    make_key(tmp_path / "key")
    (tmp_path / ".ssh").mkdir()
    config = f"UserKnownHostsFile {tmp_path}/known_hosts\nHostKeyAlias box\n"
    (tmp_path / ".ssh/config").write_text(f"{config}IdentityFile {tmp_path}/key\nIdentityAgent none\n")
    (tmp_path / "known_hosts").write_text(f"box {own.get_name()} {own.get_base64()}\n")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            transport = paramiko.Transport(listener.accept()[0])
            transport.add_server_key(own)
            transport.start_server(threading.Event(), SecondFactor())

        threading.Thread(target=serve, daemon=True).start()
        login = f"Settings('box', address='127.0.0.1', user='ann', port={listener.getsockname()[1]})"
        program = f"from ospreyops.remote.ssh import *; connect({login}).close(); print('let in')"
        env = {**os.environ, "PATH": path_with_own_ssh(tmp_path)}
        child = pexpect.spawn(sys.executable, ["-c", program], cwd=PROJECT, env=env, encoding="utf-8", timeout=60)
        child.expect("code: ")
        assert "\x1b" not in f"{child.before}{child.after}"
        child.sendline(code)
        child.expect(end)
        assert code not in str(child.before)
        child.expect(pexpect.EOF)
        child.close()


@pytest.mark.parametrize("said", [b"", b"\x00\x00\x00\x01\x05", b"\xff" * 100], ids=["nothing", "failure", "garbage"])
def test_an_agent_that_does_not_speak_is_as_one_without_keys(agent: Path, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(agent.parent / "odd"))
        listener.listen()

        def speak() -> None:
            with listener.accept()[0] as connection:
                connection.recv(5)
                connection.sendall(said)

        threading.Thread(target=speak, daemon=True).start()
        assert offered(agent.parent, identityfile="file", identityagent=str(agent.parent / "odd")) == ["file"]
