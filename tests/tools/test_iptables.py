"""How the way of new connections is read, and how it is led elsewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from ospreyops.facts.route import Route
from ospreyops.tools import iptables
from tests.tools.recorded import Case, check, recorded

READINGS = {"room": lambda answer: iptables.room(answer.out, 44342)}
PROXIED = "! -i docker0 -p tcp -m tcp --dport 24343 -j DNAT --to-destination 172.17.0.3:24343"
DIRECT = PROXIED.partition("docker0 ")[2]
HERE = "--dport 44342 --syn -m addrtype --dst-type LOCAL"
REDIRECT = f"-A OSPREY -p tcp {HERE} -j REDIRECT --to-ports 24343"


@pytest.mark.parametrize("case", recorded("iptables"), ids=str)
def test_where_new_connections_end_and_which_ports_are_taken_is_known(case: Case) -> None:
    check(case, READINGS)


STUBS = {
    "id": "echo 1000",
    "sudo": 'case "$*" in -V) echo Sudo version 1.9 ;; *) printf . >>"$0.log"; {allowed} ;; esac',
    "iptables": 'echo "-P PREROUTING ACCEPT"; echo "-A OUTPUT -j DOCKER"',
    "ip6tables": "echo no such table >&2; exit 3",
    "nft": "echo hook input",
}


@pytest.mark.parametrize(
    ("allowed", "told"),
    [
        (
            'shift; exec "$@"',
            [
                *("iptables readable", "-A OUTPUT -j DOCKER", "iptables filter", "-A OUTPUT -j DOCKER"),
                *("ip6tables refused: no such table", "ip6tables filter", "guarded"),
            ],
        ),
        (
            "echo sudo: a password is required >&2; exit 1",
            [f"{program} refused: sudo: a password is required" for program in ("iptables", "ip6tables")],
        ),
    ],
    ids=["root may", "root may not"],
)
def test_sudo_is_asked_once_for_all_rules_and_its_refusal_is_told(
    tmp_path: Path, allowed: str, told: list[str]
) -> None:
    for name, text in STUBS.items():
        stub = tmp_path / name
        stub.write_text(f"#!/bin/sh\n{text.replace('{allowed}', allowed)}\n")
        stub.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    said = subprocess.run(["sh", "-c", iptables.question()], env=env, capture_output=True, text=True, timeout=20).stdout
    assert [line for line in said.splitlines() if not line.startswith(("taken ", "memory ", "inet6 "))] == told
    assert (tmp_path / "sudo.log").read_text() == "."


def rules(line: str, program: str) -> list[str]:
    """The rules that a switch gives one family."""
    (found,) = re.findall(rf"n {program} '([^']*)'", line)
    return str(found).split("\\n")[:-1]


@pytest.mark.parametrize(
    ("route", "first"),
    [
        (Route("IPv4", published={24343: PROXIED}), f"-A OSPREY ! -d 127.0.0.0/8 {PROXIED}"),
        (Route("IPv4", published={24343: DIRECT}, loopback=True), f"-A OSPREY {DIRECT}"),
        (Route("IPv4", published={24343: f"-d 10.0.0.7/32 {PROXIED}"}), f"-A OSPREY -d 10.0.0.7/32 {PROXIED}"),
    ],
    ids=["with Docker's proxy", "without it", "at one address"],
)
def test_users_are_led_as_docker_leads_them_to_that_port_and_the_rest_to_its_proxy(route: Route, first: str) -> None:
    line = iptables.switch(44342, 24343, [route])
    assert rules(line, "iptables") == [first.replace("--dport 24343", HERE), REDIRECT]


def test_each_family_has_rules_of_its_own_and_one_that_cannot_be_used_has_none() -> None:
    routes = [Route("IPv4", published={24343: PROXIED}), Route("IPv6"), Route("IPv6", refused="no such table")]
    line = iptables.switch(44342, 24343, routes)
    assert rules(line, "ip6tables") == [REDIRECT]
    assert "INPUT" not in line and "FORWARD" not in line


def test_back_at_its_own_port_nothing_is_led_elsewhere() -> None:
    line = iptables.switch(44342, 44342, [Route("IPv4", switched=24343, published={24343: PROXIED})])
    assert rules(line, "iptables") == ["-A OSPREY -m conntrack --ctstate INVALID -j RETURN"]


@pytest.mark.parametrize(
    ("switched", "leads", "astray"),
    [(24343, "172.17.0.3:24343", False), (24343, "172.17.0.4:24343", True), (24344, "172.17.0.3:24343", True)],
)
def test_rules_that_lead_past_the_container_are_noticed(switched: int, leads: str, astray: bool) -> None:
    assert Route("IPv4", switched=switched, leads=leads, published={24343: PROXIED}).astray == astray


@pytest.mark.parametrize(
    "rule",
    [
        f"-m comment --comment \"it's; touch x; '\" {PROXIED}",
        f"{PROXIED}'; touch x; '",
        f"{PROXIED} $(touch x)",
        f"{PROXIED}%s",
        PROXIED.replace("docker0", "`id`"),
    ],
)
def test_a_rule_with_odd_signs_becomes_no_part_of_a_line(rule: str) -> None:
    (route,) = iptables.room(f"iptables readable\n-A DOCKER {rule}\n", 44342).routes
    assert route.published == {}
    assert rules(iptables.switch(44342, 24343, [route]), "iptables") == [REDIRECT]


def test_the_way_to_another_service_on_that_machine_is_not_taken_for_ours_and_stays() -> None:
    other = (
        "-A OSPREY -p tcp -m tcp --dport 44352 --tcp-flags FIN,SYN,RST,ACK SYN -m addrtype --dst-type LOCAL"
        " -j REDIRECT --to-ports 24999"
    )
    found = iptables.room(f"iptables readable\n{other}\n", 44342)
    assert found.active_port == 44342
    assert rules(iptables.switch(44342, 24343, found.routes), "iptables") == [other, REDIRECT]
    back = iptables.room(f"iptables readable\n{other}\n{REDIRECT}\n", 44342)
    assert back.active_port == 24343
    assert other in rules(iptables.switch(44342, 44342, back.routes), "iptables")
