"""Who may do what on a server: sudo with a password, without one, and a user who may use neither it nor Docker."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.conftest import said
from tests.lab.hosts import Releases, There
from tests.lab.server import PASSWORD, Server

QUESTION = r"\[sudo\] password for maint on grisman: "
LOCK = "auth required pam_faillock.so preauth\nauth [success=1 default=bad] pam_unix.so\n"
LOCK += "auth [default=die] pam_faillock.so authfail\nauth sufficient pam_faillock.so authsucc\n"
LOCK += "account required pam_permit.so\n"
"""sudo's rules of PAM where wrong passwords are counted."""


@pytest.fixture(params=["sudo", "sudo-rs"])
def maint(server: Server, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[There]:
    """The server, entered by a user whom sudo asks for a password: the sudo of old, or the one in Rust."""
    server.sh(f"ln -sf /usr/bin/{request.param} /usr/local/bin/sudo")
    yield There(server, tmp_path, "maint")
    server.sh("rm /usr/local/bin/sudo")


def test_sudo_asks_for_the_password_once_per_host_on_a_terminal(maint: There, releases: Releases) -> None:
    maint.offer(releases("0.3"), "0.3")
    ran = maint.inv.asked(QUESTION, PASSWORD, "deploy", "--version", "0.3", *maint.flags, "service.status")
    assert ran.code == 0, ran.said
    assert "password" not in ran.said
    assert PASSWORD not in ran.said
    assert maint.running() == ["osprey/service:0.3"]


def test_a_wrong_password_counts_once_and_is_asked_for_again(maint: There) -> None:
    prepare = "cp /etc/pam.d/sudo /root/pam-sudo && mkdir -p /run/faillock && faillock --reset"
    maint.server.sh(f"{prepare} && printf '{LOCK}' >/etc/pam.d/sudo")
    try:
        child = maint.inv.terminal("status", *maint.flags)
        child.expect(QUESTION)
        child.sendline("wrong")
        child.expect("wrong password, try again")
        child.expect(QUESTION)
        counted = maint.server.sh("faillock --user maint").splitlines()[2:]
        child.sendline(PASSWORD)
        assert said(child).code == 2  # the service is not deployed
    finally:
        maint.server.sh("mv /root/pam-sudo /etc/pam.d/sudo")
    assert len(counted) == 1, counted


def test_a_release_that_prints_a_prompt_gets_no_password(maint: There, releases: Releases) -> None:
    maint.offer(releases("0.3"), "0.3")
    loaded = maint.inv.asked(QUESTION, PASSWORD, "image.load", "--version", "0.3", *maint.flags)
    assert loaded.code == 0, loaded.said
    prompt = 'for to in 1 2; do printf "[sudo] password for maint: " >&$to; done; timeout 3 cat >/var/tmp/heard'
    maint.server.sh(f"sed -i '2i {prompt} || true' {maint.folder}/0.3/osprey-service")
    ran = maint.inv.asked(QUESTION, PASSWORD, "service.start", "--version", "0.3", *maint.flags)
    assert ran.code == 0, ran.said
    assert maint.server.sh("cat /var/tmp/heard && rm /var/tmp/heard") == ""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_who_ends_it_at_the_question_gets_a_terminal_that_shows_what_is_typed(
    maint: There, how: signal.Signals
) -> None:
    child = maint.inv.terminal("status", *maint.flags)
    child.expect(QUESTION)
    child.waitnoecho()
    child.kill(how)
    child.expect(pexpect.EOF)
    assert child.getecho()


def test_sudo_without_a_terminal_fails_clearly(server: Server, tmp_path: Path) -> None:
    ran = There(server, tmp_path, "maint").inv("deploy", "--version", "0.3", "-H", "grisman")
    assert ran.code == 3
    assert "sudo on grisman needs the password of maint, and there is no terminal" in ran.err


def test_a_user_who_may_use_neither_docker_nor_sudo_is_told(server: Server, tmp_path: Path) -> None:
    ran = There(server, tmp_path, "guest").inv("deploy", "--version", "0.3", "-H", "grisman")
    assert ran.code == 3
    assert "guest may not use Docker on grisman" in ran.err
