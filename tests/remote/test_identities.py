"""Which keys a server is offered, and in which order, with a real agent."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ospreyops.remote.identities import Identities, socket_of_agent
from ospreyops.remote.ssh_config import Login, SshConfig
from tests.lab.ssh import make_key
from tests.lab.wait import until

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
