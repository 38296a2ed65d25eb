"""`inv host.check`: what a host has of what the tool needs, and the line that mends what it lacks."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

import pytest

from ospreyops.remote import sudo
from ospreyops.remote.command import Answer, Command
from tests.conftest import Ran
from tests.sim.answers import EPOCH
from tests.sim.host import SimHost
from tests.sim.mac import SimMac
from tests.worlds import Sim, history, running, serving

EVERY = ("docker", "curl", "openssl", "ps", "tar", "bzip2")


@dataclass
class Saying(SimHost):
    """A server that gives other answers to some questions."""

    says: dict[str, Answer] = field(default_factory=dict)

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers."""
        found = super().ask(questions, sudo=sudo)
        return {name: self.says.get(name, answer) for name, answer in found.items()}


def rows(sim: Sim, host: SimHost) -> tuple[dict[str, dict[str, Any]], Ran]:
    """The rows by their names, and how the task ended."""
    host.now = host.now or time.time() - EPOCH
    ran = sim("host.check --json -H sim", host)
    return {row["name"]: row for row in json.loads(ran.out)["checks"]}, ran


def bad(sim: Sim, host: SimHost) -> dict[str, str]:
    """What is not as it must be -> what mends it."""
    found, ran = rows(sim, host)
    lacks = {name: row["fix"] for name, row in found.items() if row["good"] is False}
    assert ran.code == (3 if lacks else 0), ran.said
    assert all(lacks.values()), lacks
    return lacks


@pytest.mark.parametrize("make", [SimHost, running, SimMac, serving])
def test_a_host_that_has_all_is_fine_before_and_after_a_deploy(sim: Sim, make: Any) -> None:
    host = make()
    assert bad(sim, host) == {}
    assert (host.ran, history(host)) == ([], [])


def test_the_table_is_read_on_a_terminal_of_24_lines(sim: Sim) -> None:
    host = running()
    host.now = time.time() - EPOCH
    ran = sim("host.check sim", host)
    assert ran.code == 0, ran.said
    assert len(ran.out.splitlines()) <= 24
    assert "ssh       OpenSSH_9.2p1 Debian-2+deb12u3" in ran.out
    assert "docker    client 20.10.24, engine 20.10.24 (API 1.41)" in ran.out


@pytest.mark.parametrize(
    ("installer", "fixes"),
    [
        ("apt-get", {"docker": "docker.io", "curl": "curl", "openssl": "openssl", "ps": "procps", "tar": "tar"}),
        ("dnf", {"docker": "moby-engine", "ps": "procps-ng"}),
        ("brew", {"ps": "procps"}),
    ],
)
@pytest.mark.parametrize("name", EVERY)
def test_a_program_that_is_missing_has_the_line_that_installs_it_there(
    sim: Sim, name: str, installer: str, fixes: dict[str, str]
) -> None:
    host = SimHost(programs=(*(one for one in EVERY if one != name), installer))
    if name == "bzip2":
        assert bad(sim, host) == {}
        assert rows(sim, host)[0][name]["fix"].endswith(" lbzip2")
    else:
        begin = "brew install" if installer == "brew" else f"sudo {installer} install"
        assert bad(sim, host)[name] == f"{begin} {fixes.get(name, name)}"


def test_several_that_are_missing_are_all_said_at_once(sim: Sim) -> None:
    assert {*bad(sim, SimHost(programs=("apt-get", "tar")))} == {"docker", "curl", "openssl", "ps"}


ASKED, REFUSED = Answer(1, sudo.ASKS), Answer(1, "", "ops is not in the sudoers file.")


@pytest.mark.parametrize(
    ("answer", "only_root", "good", "found"),
    [
        (ASKED, False, None, "wants a password, and more is not known without one; needed to switch traffic"),
        (ASKED, True, True, "by password; needed for Docker, which only root may reach"),
        (REFUSED, False, False, "ops is not in the sudoers file.; needed to switch traffic"),
    ],
)
def test_sudo_is_judged_where_it_let_the_user_in_or_refused_him_and_not_where_only_a_password_is_missing(
    sim: Sim, answer: Answer, only_root: bool, good: Optional[bool], found: str
) -> None:
    row = rows(sim, replace_sudo(Saying(says={"sudo": answer}), only_root))[0]["sudo"]
    assert row["good"] is good
    assert row["found"].startswith(found)
    assert row["fix"].endswith("" if good else "as root: usermod -aG sudo ops, then log in anew")


def replace_sudo(host: Saying, only_root: bool) -> Saying:
    host.sudo = only_root
    return host


def test_a_mac_whose_docker_is_in_a_vm_needs_no_sudo(sim: Sim) -> None:
    assert rows(sim, serving())[0]["sudo"]["found"].endswith("not needed")


@pytest.mark.parametrize(
    ("says", "found"),
    [
        ({"client": Answer(0, "podman version 4.3.1\n")}, "it is Podman's"),
        ({"engine": Answer(0, "18.09.9 1.39\n")}, "engine 18.09.9"),
    ],
)
def test_a_docker_that_does_not_do_is_said(sim: Sim, says: dict[str, Answer], found: str) -> None:
    host = Saying(says=says)
    assert [*bad(sim, host)] == ["docker"]
    assert found in rows(sim, host)[0]["docker"]["found"]


def test_an_engine_that_does_not_answer_is_said_with_what_starts_it(sim: Sim) -> None:
    host = SimHost(engine_why="dial unix /var/run/docker.sock: connect: connection refused")
    assert bad(sim, host)["docker"] == "start it there, e.g. sudo systemctl start docker"


def test_a_vm_that_is_off_is_said_with_the_task_that_starts_it(sim: Sim) -> None:
    assert bad(sim, SimMac(vm="poweroff"))["docker"] == "inv machine.start -H sim"


@pytest.mark.parametrize(
    ("name", "host"), [("disk", SimHost(folder_free=1_900_000_000)), ("images", SimHost(docker_free=1_900_000_000))]
)
def test_a_disk_without_room_for_a_release_is_said(sim: Sim, name: str, host: SimHost) -> None:
    assert bad(sim, host) == {name: "inv fix.disk -H sim"}


def test_memory_is_for_two_services_of_which_one_may_run_already(sim: Sim) -> None:
    assert bad(sim, running(memory_free=1_400_000_000)) == {}
    assert [*bad(sim, SimHost(memory_free=1_400_000_000))] == ["memory"]
    assert [*bad(sim, running(memory_free=1_200_000_000))] == ["memory"]


def test_iptables_that_the_user_may_not_use_means_a_downtime(sim: Sim) -> None:
    assert "--stop-first" in bad(sim, running(active_port=None))["iptables"]


def test_a_firewall_that_keeps_users_out_is_said_with_the_ports(sim: Sim) -> None:
    host = running(reaches=lambda container: False)
    assert bad(sim, host) == {"firewall": "let ports 44342 and 24343 to 25342 in"}
    assert rows(sim, running(reaches=lambda container: True))[0]["firewall"]["good"] is True


def test_a_mac_that_sleeps_is_said(sim: Sim) -> None:
    mac = serving(pmset=" sleep                1 (sleep prevented by powerd)\n")
    assert bad(sim, mac) == {"sleep": "inv fix.sleep --yes -H sim"}


def test_a_python_that_is_too_old_for_the_watchdog_is_said(sim: Sim) -> None:
    host = Saying(says={"pythons": Answer(0, "3.6 /usr/bin/python3\n")})
    assert "apt-get install python3" in bad(sim, host)["python"]


@pytest.mark.parametrize("off", [-3600, 3600])
def test_a_clock_that_is_off_is_said(sim: Sim, off: int) -> None:
    host = SimHost(now=time.time() - EPOCH + off)
    assert [*bad(sim, host)] == ["clock"]
    assert ("ahead" if off > 0 else "behind") in rows(sim, host)[0]["clock"]["found"]


def test_a_vm_whose_clock_is_behind_is_said(sim: Sim) -> None:
    assert bad(sim, serving(clock_behind=90))["clock"] == "inv fix.clock -H sim"


def test_a_folder_that_others_may_write_is_said_where_root_runs_what_lies_in_it(sim: Sim) -> None:
    host = running(sudo=True, open_to={"root": "/home/ops/osprey"})
    assert "chown" in bad(sim, host)["folder"] or "mv " in bad(sim, host)["folder"]


def test_a_memory_that_is_damaged_is_said(sim: Sim) -> None:
    host = running()
    host.damaged["wanted"] = "it is empty"
    assert bad(sim, host) == {"folder": "inv fix.state -H sim"}


def test_the_releases_that_are_found_are_named_and_none_is_no_obstacle(sim: Sim) -> None:
    assert rows(sim, running())[0]["releases"]["found"].startswith("0.3, 0.4 in /usr/project")
    row = rows(sim, SimHost(archives=set()))[0]["releases"]
    assert (row["good"], row["fix"]) == (None, "inv deploy 0.3 --from FILE -H sim")


def test_a_host_that_cannot_be_reached_is_that_and_no_more(sim: Sim) -> None:
    ran = sim("host.check --json -H sim", SimHost(reachable=False))
    assert ran.code == 4
    assert [row["name"] for row in json.loads(ran.out)["checks"]] == ["ssh"]
    assert sim("host.check -H sim", SimHost(reachable=False)).out == ""


@pytest.mark.parametrize("name", ["has", "perl", "client", "sudo", "engine", "pythons", "pythons_open"])
def test_a_question_that_is_not_answered_is_no_crash(sim: Sim, name: str) -> None:
    _, ran = rows(sim, Saying(says={name: Answer(-1, late=True)}))
    assert ran.code in (0, 3)


def test_no_two_rows_share_a_name(sim: Sim) -> None:
    host = serving(now=time.time() - EPOCH)
    names = [row["name"] for row in json.loads(sim("host.check --json -H sim", host).out)["checks"]]
    assert sorted(names) == sorted({*names})
