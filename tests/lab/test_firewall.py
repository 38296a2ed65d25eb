"""Users come in through the kernel's own rules: firewalls, Docker without its proxy, IPv6. Nobody is shut out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.hosts import Releases, There
from tests.lab.load import SERVES, Load
from tests.lab.server import Server
from tests.lab.wait import until

BOTH = ("0.4", "0.3")
UFW = "ufw allow 22/tcp && ufw allow 44342/tcp && ufw --force enable"
FIREWALLD = "systemctl start firewalld && firewall-cmd --state"
NO_PROXY = "echo '{\"userland-proxy\": false}' >/etc/docker/daemon.json"
RESTART = "systemctl restart docker && until docker version >/dev/null 2>&1; do sleep 0.2; done"
OFF = "ufw --force reset; systemctl stop firewalld; rm -f /etc/docker/daemon.json; systemctl reset-failed docker"
WALLS = {
    "ufw": UFW,
    "firewalld": FIREWALLD,
    "ufw, and Docker without its proxy": f"{UFW} && {NO_PROXY}",
    "firewalld, and Docker without its proxy": f"{FIREWALLD} && {NO_PROXY}",
}
OURS, THEIRS = "fd00:213::1", "fd00:213::2"
"""The addresses of this machine and of the server, in the lab's own network."""
BROKEN = "ip6tables v1.8.11 (nf_tables): table `nat' is incompatible, use 'nft' tool."


@contextmanager
def with_rules(server: Server, line: str) -> Iterator[None]:
    """The server, after a line that root runs there, and a fresh dockerd; then as it was before."""
    try:
        server.sh(f"{line} && {RESTART}")
        yield
    finally:
        server.sh(f"docker ps -aq | xargs -r docker rm -f; {OFF}; {RESTART}", check=False)


@contextmanager
def with_ipv6(server: Server) -> Iterator[None]:
    """The server and this machine, which reach each other over IPv6, too."""
    link = ["dev", server.engine.bridge, "nodad"]
    subprocess.run(["sysctl", "-qw", f"net.ipv6.conf.{server.engine.bridge}.disable_ipv6=0"], check=True, timeout=10)
    subprocess.run(["ip", "-6", "address", "replace", f"{OURS}/64", *link], check=True, timeout=10)
    server.sh(f"ip -6 address replace {THEIRS}/64 dev eth0 nodad")
    try:
        yield
    finally:
        subprocess.run(["ip", "-6", "address", "delete", f"{OURS}/64", *link[:2]], check=False, timeout=10)
        server.sh(f"ip -6 address delete {THEIRS}/64 dev eth0", check=False)


def serving(host: There, releases: Releases) -> There:
    """The server, with a healthy 0.3, and 0.4 to come."""
    host.offer(releases("0.3"), "0.3")
    host.offer(releases("0.4", protocols=BOTH), "0.4")
    deployed = host.inv("deploy", "--version", "0.3", *host.flags)
    assert deployed.code == 0, deployed.said
    return host


def change(host: There) -> None:
    """Deploy, restart and roll back."""
    for line, version in (("deploy --version 0.4", "0.4"), ("service.restart", "0.4"), ("rollback", "0.3")):
        drop = ["--drop-versions", "0.4"] if line == "rollback" else []
        ran = host.inv(*line.split(), *drop, "--drain", "5", *host.flags)
        assert ran.code == 0, ran.said
        assert host.running() == [f"osprey/service:{version}"]


@pytest.mark.parametrize("wall", WALLS)
def test_no_user_is_lost_behind_a_firewall_that_lets_dockers_own_ports_in(
    there: There, releases: Releases, wall: str
) -> None:
    with with_rules(there.server, WALLS[wall]):
        serving(there, releases)
        with Load(there.address, "0.3", rate=20, kept=10, jobs=4, seconds=(1, 3)).going_on() as report:
            change(there)
        assert (report.errors, report.cut) == ([], []), str(report)


def test_no_user_is_lost_where_nobody_can_ask_from_outside(there: There, releases: Releases) -> None:
    there.inv.env["INVOKE_OSPREY_PUBLIC"] = "none"
    with with_rules(there.server, UFW):
        serving(there, releases)
        with Load(there.address, "0.3", rate=20, kept=10, jobs=0, seconds=(1, 3)).going_on() as report:
            change(there)
        assert report.errors == [], str(report)
        assert "not verified from outside" in there.inv("status", *there.flags).out


def test_users_over_ipv6_come_along(there: There, releases: Releases) -> None:
    with with_ipv6(there.server), with_rules(there.server, "true"):
        serving(there, releases)
        with (
            Load(THEIRS, "0.3", rate=20, kept=10, jobs=4, seconds=(1, 3)).going_on() as six,
            Load(there.address, "0.3", rate=10, kept=5, jobs=0, seconds=(1, 3)).going_on() as four,
        ):
            change(there)
        assert (six.errors, six.cut, four.errors) == ([], [], []), f"{six}\n{four}"


def test_a_deploy_that_would_shut_users_over_ipv6_out_is_refused_before_anything_starts(
    there: There, releases: Releases, tmp_path: Path
) -> None:
    server = there.server
    with with_ipv6(server), with_rules(server, "true"):
        serving(there, releases)
        script = tmp_path / "ip6tables"
        script.write_text(f'#!/bin/sh\necho "{BROKEN}" >&2\nexit 4\n'.replace("`", "\\`"))
        server.put(script, "/usr/local/sbin/ip6tables")
        server.sh("chmod +x /usr/local/sbin/ip6tables")
        try:
            with Load(THEIRS, "0.3", rate=20, kept=10, jobs=0, seconds=(1, 3)).going_on() as report:
                for line in ("deploy --version 0.4", "service.restart"):
                    ran = there.inv(*line.split(), *there.flags)
                    assert ran.code == 3 and "for users over IPv6: ip6tables" in ran.err, ran.said
            assert report.errors == [], str(report)
            assert there.running() == ["osprey/service:0.3"]
        finally:
            server.sh("rm -f /usr/local/sbin/ip6tables")


def test_users_over_ipv6_whom_a_firewall_would_stop_are_not_switched(there: There, releases: Releases) -> None:
    with with_ipv6(there.server), with_rules(there.server, UFW):
        serving(there, releases)
        with Load(THEIRS, "0.3", rate=20, kept=10, jobs=0, seconds=(1, 3)).going_on() as report:
            ran = there.inv("deploy", "--version", "0.4", *there.flags)
        assert ran.code == 3 and "a firewall on grisman may keep users over IPv6 from port" in ran.err, ran.said
        assert SERVES in ran.said
        assert report.errors == [], str(report)


def test_traffic_goes_back_within_seconds_when_users_do_not_reach_the_new_release(
    there: There, releases: Releases
) -> None:
    """Somebody's rule keeps users from whatever is not 0.3's container."""
    serving(there, releases)
    address = there.server.sh("docker inspect -f '{{.NetworkSettings.IPAddress}}' osprey-service").strip()
    rule = f"DOCKER-USER -i eth0 ! -d {address} -p tcp -j DROP"
    there.server.sh(f"iptables -I {rule}")
    try:
        ran = there.inv("deploy", "--version", "0.4", *there.flags)
        assert ran.code == 2 and SERVES in ran.said, ran.said
        assert there.running() == ["osprey/service:0.3"]
        until(lambda: there.inv("net.check", *there.flags).code == 0, "an answer from outside", 30)
    finally:
        there.server.sh(f"iptables -D {rule}")
