"""A server that ends what a login session leaves: the service goes on after that session, or nothing is stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.hosts import Releases, There
from tests.lab.server import Server
from tests.lab.wait import until

pytestmark = pytest.mark.reliability
LOGIND = "/etc/systemd/system/systemd-logind.service"
CONF = "/etc/systemd/logind.conf.d"
REAPER = "/usr/local/sbin/reaper"
RULE = f"session optional pam_exec.so {REAPER}"
BY_USER = '#!/bin/sh\n[ "$PAM_TYPE" != close_session ] || [ "$PAM_USER" = root ] || pkill -KILL -u "$PAM_USER"\n'
ENDS = "leaves running on grisman ends with that session"
MEND = re.compile(r"try: (sudo sh -c '.*'), on grisman")


@contextmanager
def logind(server: Server) -> Iterator[None]:
    """Systemd's logind ends what a session leaves."""
    conf = f"mkdir -p {CONF} && printf '[Login]\\nKillUserProcesses=yes\\n' >{CONF}/lab.conf"
    server.sh(f"{conf} && rm {LOGIND} && systemctl daemon-reload && systemctl restart systemd-logind")
    try:
        yield
    finally:
        server.sh(f"systemctl stop systemd-logind; ln -sf /dev/null {LOGIND} && rm -rf {CONF}; systemctl daemon-reload")


@contextmanager
def by_user(server: Server) -> Iterator[None]:
    """PAM ends all that is a user's with each of his sessions."""
    server.sh(f"cat >{REAPER} <<'END'\n{BY_USER}END\nchmod 755 {REAPER} && echo '{RULE}' >>/etc/pam.d/sshd")
    try:
        yield
    finally:
        server.sh(f"sed -i '\\|{REAPER}|d' /etc/pam.d/sshd; rm -f {REAPER}")


@pytest.fixture
def docker_user(server: Server, tmp_path: Path) -> Iterator[There]:
    """The server, entered by a user who may use Docker, and not sudo."""
    server.sh("usermod --append --groups docker guest")
    yield There(server, tmp_path, "guest")
    server.sh("gpasswd --delete guest docker; pkill -KILL -u guest; rm -rf /home/guest/osprey", check=False)


def leave(there: There) -> None:
    """Leave a process behind in a session, and wait until the server has ended it."""
    there.inv.shell("ssh grisman 'nohup setsid sleep 4242 </dev/null >/dev/null 2>&1 &'")
    left = f"pgrep -u {there.user} -f '^sleep 4242$' || true"
    until(lambda: there.server.sh(left) == "", "the end of what a session left", 30)


def script(server: Server) -> str:
    """The processes of the start script."""
    return server.sh("pgrep -f 'osprey-[s]ervice --version' || true")


def test_what_root_starts_goes_on_though_logind_ends_the_session(there: There, releases: Releases) -> None:
    there.offer(releases("0.3"), "0.3")
    with logind(there.server):
        ran = there.inv("deploy", "--version", "0.3", *there.flags)
        assert ran.code == 0, ran.said
        leave(there)
        assert script(there.server)
        assert there.inv("status", *there.flags).code == 0
        assert there.running() == ["osprey/service:0.3"]


def test_a_user_whom_logind_ends_is_refused_before_a_stop_and_the_printed_line_mends_it(
    docker_user: There, releases: Releases
) -> None:
    there, flags = docker_user, docker_user.flags
    for version in ("0.3", "0.4"):
        there.offer(releases(version), version)
    first = there.inv("deploy", "--version", "0.3", *flags)
    assert first.code == 0, first.said
    with logind(there.server):
        leave(there)
        refused = there.inv("deploy", "--version", "0.4", "--stop-first", *flags)
        assert refused.code == 3 and f"{ENDS}: logind has KillUserProcesses=yes" in refused.err, refused.said
        assert there.running() == ["osprey/service:0.3"]
        line = MEND.search(refused.err)
        assert line, refused.said
        there.as_root(line[1])
        mended = there.inv("deploy", "--version", "0.4", "--stop-first", *flags)
        assert mended.code == 0, mended.said
        assert script(there.server) and there.running() == ["osprey/service:0.4"]
        assert there.inv("status", *flags).code == 0


def test_a_user_whose_processes_end_with_each_session_is_refused_before_a_stop(
    docker_user: There, releases: Releases
) -> None:
    there, flags = docker_user, docker_user.flags
    there.offer(releases("0.3"), "0.3")
    first = there.inv("deploy", "--version", "0.3", *flags)
    assert first.code == 0, first.said
    started = script(there.server)
    with by_user(there.server):
        refused = there.inv("service.restart", "--stop-first", *flags)
        assert refused.code == 3 and ENDS in refused.err, refused.said
        assert "completed" not in refused.err
    assert started
    again = there.inv("deploy", "--version", "0.3", *flags)
    assert again.code == 0, again.said
    assert there.running() == ["osprey/service:0.3"]
