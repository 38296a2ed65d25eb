"""A server as a newcomer meets it: its key, what it lacks, and the inside of its container; all of it real."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.conftest import Ran, said
from tests.lab.hosts import Releases, There
from tests.lab.server import PASSWORD, Server
from tests.lab.wait import until

QUESTION = r"\[sudo\] password for maint"


def rows(there: There) -> tuple[dict[str, dict[str, Any]], Ran]:
    ran = there.inv("host.check", "--json", *there.flags)
    return {row["name"]: row for row in json.loads(ran.out)["checks"]}, ran


def lacks(there: There) -> list[str]:
    return [name for name, row in rows(there)[0].items() if row["good"] is False]


def test_a_fresh_server_has_all_and_is_left_as_it_is(there: There) -> None:
    found, ran = rows(there)
    assert (ran.code, lacks(there)) == (0, []), ran.said
    assert found["sudo"]["found"] == "without a password; needed for Docker, which only root may reach"
    assert "(API 1." in found["docker"]["found"]
    assert found["firewall"]["found"] == "none"
    assert there.as_root("ls -d /var/lib/ospreyops /home/ops/osprey 2>/dev/null || echo none").strip() == "none"


def test_a_server_that_serves_has_all(there: There, releases: Releases) -> None:
    there.offer(releases("0.3"), "0.3")
    assert there.inv("deploy", "--version", "0.3", *there.flags).code == 0
    found, ran = rows(there)
    assert ran.code == 0, ran.said
    assert found["firewall"]["found"].startswith("users get in")
    assert found["releases"]["found"].count("0.3") >= 3


def test_a_server_without_perl_is_checked_by_sh(there: There) -> None:
    perl = there.as_root("readlink -f $(command -v perl)").strip()
    there.as_root(f"mv {perl} /root/perl")
    try:
        found, ran = rows(there)
    finally:
        there.as_root(f"mv /root/perl {perl}")
    assert ran.code == 3, ran.said
    assert found["perl"]["fix"] == "install perl there"
    assert found["sudo"]["found"].startswith("without a password")
    assert found["curl"]["good"] is True
    assert found["disk"]["good"] is True


def test_a_user_who_may_not_use_docker_is_told_what_gives_it(server: Server, tmp_path: Path) -> None:
    there = There(server, tmp_path, "guest")
    found, ran = rows(there)
    assert ran.code == 3, ran.said
    assert found["sudo"]["good"] is None
    assert found["sudo"]["fix"] == "if sudo then refuses guest, as root: usermod -aG wheel guest, then log in anew"
    assert found["docker"]["good"] is False


def test_a_user_with_a_password_is_asked_for_it_once(server: Server, tmp_path: Path) -> None:
    there = There(server, tmp_path, "maint")
    ran = there.inv.asked(QUESTION, PASSWORD, "host.check", "grisman")
    assert ran.code == 0, ran.said
    assert "sudo      by password; needed for Docker" in ran.said
    assert "password for" not in ran.said


def test_a_firewall_is_said_with_the_line_that_lets_users_in(there: There) -> None:
    there.as_root("ufw --force reset >/dev/null; ufw allow 22/tcp >/dev/null; ufw --force enable >/dev/null")
    try:
        found, ran = rows(there)
    finally:
        there.as_root("ufw --force disable >/dev/null")
    assert ran.code == 0, ran.said
    assert "over IPv4" in found["firewall"]["found"]
    assert found["firewall"]["fix"].startswith("sudo ufw allow 44342/tcp")


def test_the_servers_own_fingerprint_makes_its_key_known(there: There, tmp_path: Path) -> None:
    (tmp_path / ".ssh/config.known_hosts").write_text("")
    assert there.inv("host.check", "grisman").code == 4
    own = there.as_root("ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    assert there.inv("host.trust", "grisman", "--fingerprint", own).code == 0
    assert there.inv("host.check", "grisman").code == 0


@pytest.fixture
def served(there: There, releases: Releases) -> There:
    """The server, where 0.3 serves."""
    there.offer(releases("0.3"), "0.3")
    assert there.inv("deploy", "--version", "0.3", *there.flags).code == 0
    return there


def test_a_line_runs_in_the_container_and_its_status_is_passed_on(served: There) -> None:
    ran = served.inv("exec", "--command", "hostname; echo no >&2; exit 7", *served.flags)
    assert ran.code == 7
    container = served.as_root("docker ps --filter name=^/osprey-service$ --format '{{.ID}}'").strip()
    assert ran.out.strip() in (container, "grisman")
    assert ran.err.startswith("no\n")


def is_there(served: There, words: str) -> bool:
    return bool(served.as_root(f"pgrep -fx '{words}' || true"))


def test_a_line_is_ended_in_the_container_when_its_time_is_over(served: There) -> None:
    ran = served.inv("exec", "--command", "exec sleep 4321", "--timeout", "2", *served.flags)
    assert ran.code == 5, ran.said
    until(lambda: not is_there(served, "sleep 4321"), "the end of the line in the container", 20)


def test_a_line_is_ended_in_the_container_at_ctrl_c(served: There) -> None:
    process = served.inv.start("exec", "--command", "exec sleep 4322", *served.flags)
    until(lambda: is_there(served, "sleep 4322"), "the line in the container", 30)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    until(lambda: not is_there(served, "sleep 4322"), "the end of the line in the container", 20)
    assert served.running() == ["osprey/service:0.3"]


def test_a_shell_is_worked_in_on_a_terminal(served: There) -> None:
    child = served.inv.terminal("service.shell", *served.flags)
    child.expect("/ # ")
    child.sendline("echo $((40 + 2)) is here; tty; exit 3")
    child.expect("42 is here")
    child.expect("/dev/pts/")
    assert said(child).code == 3


def test_a_shell_wants_a_terminal(served: There) -> None:
    ran = served.inv("service.shell", *served.flags)
    assert (ran.code, "this needs a terminal" in ran.err) == (3, True)


def test_a_shell_by_sudo_with_a_password(
    served: There, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> None:
    maint = There(server, tmp_path_factory.mktemp("maint"), "maint")
    child: pexpect.spawn[str] = maint.inv.terminal("service.shell", *maint.flags)
    for _ in ("the look", "sudo itself, on the shell's terminal"):
        child.expect(QUESTION)
        child.sendline(PASSWORD)
    child.sendline("echo $((40 + 2)) is here; exit")
    child.expect("42 is here")
    assert said(child).code == 0
