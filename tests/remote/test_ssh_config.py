"""What ssh -G says is taken, safely: once a host, within a limit, and never with a host's name as an option."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ospreyops.errors import Unreachable, Usage
from ospreyops.remote import ssh_config
from ospreyops.remote.ssh import connect
from ospreyops.remote.ssh_config import Login, read
from ospreyops.settings import Settings
from tests.own_ssh import path_with_own_ssh

LIMIT = 20


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ssh_config that ssh reads; each call of ssh leaves a line in `calls` beside its folder."""
    monkeypatch.setenv("PATH", path_with_own_ssh(tmp_path))
    program = tmp_path / "bin/ssh"
    program.write_text(program.read_text().replace("exec", f'echo "$@" >> {tmp_path}/calls\nexec', 1))
    (tmp_path / ".ssh").mkdir()
    return tmp_path / ".ssh/config"


def ask(host: str) -> ssh_config.SshConfig:
    return read(Login(host), LIMIT, lambda _: None)


@pytest.mark.parametrize("where", ["name", "address", "jump"])
def test_a_host_that_is_named_like_an_option_is_no_option(config: Path, tmp_path: Path, where: str) -> None:
    evil = f"-oProxyCommand=touch\t{tmp_path}/owned"
    config.write_text(f"Host box\n    ProxyJump {evil}\n" if where == "jump" else "")
    settings = {"name": Settings(evil), "address": Settings("box", address=evil), "jump": Settings("box")}
    with pytest.raises(Usage):
        connect(settings[where])
    assert not (tmp_path / "owned").exists()


def test_ssh_is_asked_once_for_a_host_and_once_for_each_jump_host(config: Path, tmp_path: Path) -> None:
    config.write_text(
        "Host far\n    HostName nowhere.invalid\n    ProxyJump near\nHost near\n    HostName near.invalid\n"
    )
    with pytest.raises(Unreachable, match=r"^near: no such host"):
        connect(Settings("far"))
    asked = [line.split(" -- ")[1] for line in (tmp_path / "calls").read_text().splitlines() if " none " not in line]
    assert asked == ["far", "near"]


def test_a_match_exec_that_never_ends_is_given_up_at_the_limit(config: Path) -> None:
    pid = config.with_name("pid")
    config.write_text(f'Match exec "echo $$ > {pid}; exec sleep 1000"\n')
    with pytest.raises(Usage, match=r"ssh -G box did not end within 2 s"):
        connect(Settings("box", ssh_connect_timeout=1))
    assert (
        subprocess.run(["ps", "-o", "stat=", "-p", pid.read_text().strip()], stdout=subprocess.PIPE).stdout[:1] in b"Z"
    )


@pytest.mark.parametrize(
    "lines", ["Host a b\n    ProxyJump a", "Host a\n    ProxyJump b\nHost b\n    ProxyJump a"], ids=["itself", "two"]
)
def test_jump_hosts_in_a_circle_are_said_so(config: Path, lines: str) -> None:
    config.write_text(f"{lines}\n")
    with pytest.raises(Usage, match=r"jump ?host"):
        connect(Settings("a"))


def test_the_settings_of_a_host_go_before_ssh_config(config: Path) -> None:
    config.write_text("Host box\n    User joe\n    Port 23\nMatch user ann\n    HostName ann.lab\n")
    assert (ask("box").user, ask("box").port) == ("joe", 23)
    found = read(Login("box", user="ann", port=24), LIMIT, lambda _: None)
    assert (found.user, found.port, found.host) == ("ann", 24, "ann.lab")


@pytest.mark.parametrize(
    ("text", "login"),
    [
        ("box", Login("box")),
        ("ann@box:23", Login("box", "ann", 23)),
        ("ssh://ann@box:23", Login("box", "ann", 23)),
        ("ann@lab@box", Login("box", "ann@lab")),
        ("::1", Login("::1")),
        ("ann@fe80::1", Login("fe80::1", "ann")),
        ("ann@[::1]:23", Login("::1", "ann", 23)),
    ],
)
def test_a_login_is_read_as_ssh_reads_a_jump_host(text: str, login: Login) -> None:
    assert Login.parse(text) == login


def test_files_have_their_tokens_variables_and_home_filled_in(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYS", "/keys")
    config.write_text(
        "Host box\n    HostName %h.LAB\n    Port 23\n    IdentityFile ${KEYS}/%r@%h:%p-%n-%%\n    User ann\n"
    )
    found = ask("box")
    assert [str(found.path(name)) for name in found.all("identityfile")] == ["/keys/ann@box.lab:23-box-%"]
    assert str(found.path("~/id")) == f"{ssh_config.home()}/id"


@pytest.mark.parametrize("line", ["Port 99999", "Port x", "ConnectTimeout 1m", "ConnectTimeout ²"])
def test_without_openssh_a_number_that_is_none_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text(f"{line}\n")
    with pytest.raises(Usage, match=f"{line.split(maxsplit=1)[0].lower()} '.*' is not a number"):
        connect(Settings("box"))


def test_without_openssh_the_file_is_read_and_that_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    ssh_config.TOLD.clear()
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text("Host box\n    HostName box.lab\n    User ann\n    ProxyJump a,b\n")
    told: list[str] = []
    for _ in range(2):
        found = read(Login("box"), LIMIT, told.append)
    assert told == [ssh_config.MISSING]
    assert (found.host, found.user, found.port, found.jump) == ("box.lab", "ann", 22, Login("b", jumps="a"))
    assert [file.name for file in found.files("userknownhostsfile")] == ["known_hosts", "known_hosts2"]
