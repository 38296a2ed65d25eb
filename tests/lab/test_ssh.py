"""SSH that is safe, and connections that fail: real OpenSSH servers, refusing, silent, frozen, of another key."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ospreyops.remote.command import Answer
from ospreyops.remote.ssh import connect
from ospreyops.remote.streams import RemoteStream, listen
from ospreyops.settings import Settings
from tests.conftest import PROJECT, Inv
from tests.lab.server import Server
from tests.lab.ssh import make_key
from tests.lab.sshd import Sshd, closed_port, silent_server
from tests.lab.wait import until
from tests.own_ssh import path_with_own_ssh

QUICK = {"INVOKE_OSPREY_SSH_CONNECT_TIMEOUT": "2"}


@pytest.fixture
def sshd(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Sshd]:
    """An OpenSSH server of this machine on the loopback, as root."""
    folder = tmp_path / "sshd"
    folder.mkdir()
    server = Sshd(folder, getattr(request, "param", ""))
    yield server
    server.stop()


@pytest.fixture
def home(tmp_path: Path, sshd: Sshd) -> Path:
    """A home folder whose ssh_config calls that server `box` and knows its host key."""
    (tmp_path / ".ssh").mkdir()
    sshd.ssh_config(tmp_path / ".ssh/config", "box", "root")
    return tmp_path


@pytest.fixture
def inv(home: Path) -> Inv:
    ours = {"HOME": str(home), "PATH": path_with_own_ssh(home), "SSH_AUTH_SOCK": ""}
    return Inv({**ours, "INVOKE_OSPREY_FOLDER": str(home / "osprey")})


def known_hosts(home: Path) -> Path:
    return home / ".ssh/config.known_hosts"


def ssh(home: Path, hint: str) -> None:
    """Run the command that a hint gives, with that home's files."""
    command = hint.partition("then: ")[2] or hint.partition("right: ")[2]
    config = f"-F {home}/.ssh/config -o UserKnownHostsFile={known_hosts(home)}"
    line = command.replace("ssh -o", f"ssh {config} -o")
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def fingerprint(public: Path) -> str:
    return subprocess.check_output(["ssh-keygen", "-lf", str(public)], text=True).split()[1]


def readers(path: Path) -> list[str]:
    """The processes of this machine that hold the file open."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if link.readlink() == path:
                found.append(link.parts[2])
    return found


def hint(said: str) -> str:
    return next(line for line in said.splitlines() if line.startswith("  try: "))


def test_an_unknown_host_key_is_refused_with_its_fingerprint_and_the_command_that_accepts_it(
    inv: Inv, home: Path, sshd: Sshd
) -> None:
    known_hosts(home).write_text("")
    ran = inv("status", "-H", "box")
    assert ran.code == 4
    assert fingerprint(sshd.folder / "host_key.pub") in ran.err
    assert "is not known" in ran.err
    ssh(home, hint(ran.err))
    assert inv("machine.status", "-H", "box").code != 4


def test_a_changed_host_key_is_refused_with_both_fingerprints(inv: Inv, home: Path, sshd: Sshd) -> None:
    other = make_key(home / "other").with_suffix(".pub")
    known_hosts(home).write_text(f"[{sshd.address}]:{sshd.port} {other.read_text()}")
    ran = inv("status", "-H", "box")
    assert ran.code == 4
    assert "has changed" in ran.err
    assert fingerprint(sshd.folder / "host_key.pub") in ran.err
    assert fingerprint(other) in ran.err
    ssh(home, hint(ran.err))
    assert inv("machine.status", "-H", "box").code != 4


@pytest.mark.parametrize("sshd", ["MaxSessions 1"], indirect=True)
def test_a_server_that_allows_one_session_at_a_time_is_asked_one_question_after_the_other(inv: Inv) -> None:
    ran = inv("status", "-H", "box")
    assert "  host      box (Linux), as root" in ran.out, ran.said
    assert "docker.sock" in ran.err, ran.said


@pytest.mark.parametrize("sshd", ["MaxSessions 0"], indirect=True)
def test_a_server_that_allows_no_session_is_reported(inv: Inv) -> None:
    ran = inv("status", "-H", "box", limit=30, **QUICK)
    assert ran.code == 3, ran.said
    assert "refuses one more session" in ran.err and "MaxSessions" in ran.err


def test_a_program_that_ends_by_itself_does_not_take_the_connection_along(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenSSH hangs up on whoever ends a program's input after the program."""
    monkeypatch.setenv("PATH", path_with_own_ssh(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with connect(Settings("box")) as connection:
        stream = RemoteStream(connection, "echo $$; sleep 1; exit 3", b"", 10)
        program, send = Path(f"/proc/{int(stream.sock.recv(10))}"), connection.transport._send_user_message

        def late(message: object) -> None:
            channel = stream.sock
            until(lambda: channel.closed or (channel.lock.locked() and not program.exists()), "the program's end", 10)
            send(message)

        monkeypatch.setattr(connection.transport, "_send_user_message", late)
        assert stream.finish().code == 3
        monkeypatch.undo()
        assert connection.run("echo still here", hide=True, in_stream=False).stdout == "still here\n"


def test_what_a_line_says_is_read_whole_wherever_the_network_cuts_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", path_with_own_ssh(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    taken = io.StringIO()
    with connect(Settings("box")) as connection:
        line = "printf '\\303'; sleep 0.2; printf '\\244\\377'; echo no >&2; exit 3"
        assert listen(connection, line, 10, taken) == Answer(3, "ä\N{REPLACEMENT CHARACTER}", "no\n")
    assert taken.getvalue() == "ä\N{REPLACEMENT CHARACTER}"


def test_a_server_that_never_answers_is_given_up_at_its_limit(inv: Inv) -> None:
    with silent_server() as port:
        ran = inv("status", "-H", f"root@127.0.0.1:{port}", limit=30, **QUICK)
    assert ran.code == 4
    assert f"root@127.0.0.1:{port}: no SSH banner within 2 s" in ran.err


def test_a_port_that_refuses_is_reported(inv: Inv) -> None:
    with closed_port() as port:
        ran = inv("status", "-H", f"root@127.0.0.1:{port}")
    assert ran.code == 4
    assert "cannot be reached: connection refused" in ran.err


def test_a_key_that_the_server_refuses_is_reported(inv: Inv, home: Path, sshd: Sshd) -> None:
    (sshd.folder / "key.pub").write_text("")
    ran = inv("status", "-H", "box")
    assert ran.code == 4
    assert "does not let root@127.0.0.1" in ran.err
    assert "ssh -v box" in ran.err


def test_a_key_that_only_an_agent_holds_is_used(inv: Inv, home: Path, sshd: Sshd) -> None:
    config = home / ".ssh/config"
    without = [line for line in config.read_text().splitlines() if "Identit" not in line]
    config.write_text("\n".join(without) + "\n")
    line = f"ssh-add -q {sshd.key} && {sys.executable} -m invoke net.status -H box"
    done = subprocess.run(["ssh-agent", "sh", "-c", line], cwd=PROJECT, env=inv.env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert inv("net.status", "-H", "box").code == 4


def test_a_jump_host_is_used_and_its_host_key_is_checked_too(inv: Inv, home: Path, sshd: Sshd, server: Server) -> None:
    config = home / ".ssh/config"
    server.ssh_config(home / ".ssh/far", "far", "ops")
    config.write_text(config.read_text() + (home / ".ssh/far").read_text() + "    ProxyJump box\n")
    through = inv("machine.status", "-H", "far")
    assert through.code == 0, through.said
    assert "as ops" in through.out
    known_hosts(home).write_text("")
    refused = inv("machine.status", "-H", "far")
    assert refused.code == 4
    assert fingerprint(sshd.folder / "host_key.pub") in refused.err


def test_a_connection_that_goes_dead_ends_with_a_clear_error(inv: Inv, home: Path, sshd: Sshd) -> None:
    (home / "osprey").mkdir()
    (home / "osprey/osprey-service.log").write_text("the first line\n")
    process = inv.start("service.logs", "--follow", "-H", "box", **QUICK)
    assert process.stdout
    assert "the first line" in process.stdout.readline()
    sshd.freeze()
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 4, said
    assert "the connection to box was lost" in said


def test_a_follower_that_ends_leaves_nothing_running_on_the_host(inv: Inv, home: Path) -> None:
    (home / "osprey").mkdir()
    log = home / "osprey/osprey-service.log"
    log.write_text("the first line\n")
    process = inv.start("service.logs", "--follow", "-H", "box")
    assert process.stdout
    process.stdout.readline()
    assert readers(log)
    process.kill()
    process.wait()
    process.stdout.close()
    until(lambda: not readers(log), "the end of tail", 10)
