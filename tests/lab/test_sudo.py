"""Who may do what on a server: sudo with a password, without one, and a user who may use neither it nor Docker."""

from __future__ import annotations

from pathlib import Path

from tests.lab.hosts import Releases, There
from tests.lab.server import PASSWORD, Server


def test_sudo_asks_for_the_password_once_per_host_on_a_terminal(
    server: Server, tmp_path: Path, releases: Releases
) -> None:
    host = There(server, tmp_path, "maint")
    host.offer(releases("0.3"), "0.3")
    chain = ("deploy", "--version", "0.3", "-H", "grisman", "service.status")
    ran = host.inv.asked(r"\[sudo\] password for maint on grisman: ", PASSWORD, *chain)
    assert ran.code == 0, ran.said
    assert "password" not in ran.said
    assert PASSWORD not in ran.said
    assert host.running() == ["osprey/service:0.3"]


def test_sudo_without_a_terminal_fails_clearly(server: Server, tmp_path: Path) -> None:
    ran = There(server, tmp_path, "maint").inv("deploy", "--version", "0.3", "-H", "grisman")
    assert ran.code == 3
    assert "sudo on grisman needs the password of maint, and there is no terminal" in ran.err


def test_a_user_who_may_use_neither_docker_nor_sudo_is_told(server: Server, tmp_path: Path) -> None:
    ran = There(server, tmp_path, "guest").inv("deploy", "--version", "0.3", "-H", "grisman")
    assert ran.code == 3
    assert "guest may not use Docker on grisman" in ran.err
