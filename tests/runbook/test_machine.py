"""The tasks of the runbook's chapter on Docker itself."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.sim.mac import SimMac
from tests.sim.short import short
from tests.worlds import Sim, serving


def test_the_runbooks_chapter_on_docker_itself_is_run(sim: Sim) -> None:
    mac = SimMac(vm="")
    ran = sim("machine.create -H sim machine.stop machine.start machine.kill machine.remove --yes", mac)
    assert ran.code == 0, ran.said
    assert short(mac.ran) == [
        *("docker-machine create", "docker-machine stop", "docker-machine start"),
        *("controlvm osprey-service poweroff", "docker-machine rm"),
    ]


def test_each_of_them_done_twice_does_nothing_the_second_time(sim: Sim) -> None:
    mac = SimMac(vm="poweroff")
    for line in ("machine.start", "machine.stop", "machine.remove --yes"):
        assert sim(f"{line} -H sim", mac).code == 0
        before = list(mac.ran)
        assert "nothing to do" in sim(f"{line} -H sim", mac).out
        assert mac.ran == before


def test_removing_the_vm_wants_a_yes(sim: Sim) -> None:
    mac = serving()
    ran = sim("machine.remove -H sim", mac)
    assert (ran.code, mac.ran) == (1, [])
    assert "--yes" in ran.err


def test_a_clock_that_is_behind_is_in_the_status(sim: Sim) -> None:
    ran = sim("status -H sim", serving(clock_behind=95))
    assert "clock 95 s behind" in ran.out


def test_all_that_is_seen_of_a_vm_is_in_the_json(sim: Sim) -> None:
    data = json.loads(sim("status --json -H sim", serving()).out)["facts"]["machine"]
    assert data["state"] == "running"
    assert data["vm"]["rules"][1]["host_port"] == 44342


def test_the_status_of_a_vm_that_is_off_is_unhealthy(sim: Sim) -> None:
    ran = sim("status -H sim", SimMac(vm="poweroff"))
    assert ran.code == 2
    assert "the VM is poweroff" in ran.err


def test_the_environment_is_what_a_shell_on_the_host_can_evaluate(sim: Sim) -> None:
    line = sim("machine.env -H sim", serving()).out.splitlines()[0]
    said = subprocess.run(
        ["sh", "-c", f'eval "{line}"; echo $DOCKER_HOST $DOCKER_CERT_PATH'], capture_output=True, text=True, timeout=10
    )
    assert said.stdout.split() == [
        "tcp://192.168.99.101:2376",
        "/Users/jmartin/.docker/machine/machines/osprey-service",
    ]


def test_an_environment_that_cannot_be_told_makes_eval_fail(sim: Sim) -> None:
    ran = sim("machine.env -H sim", SimMac(vm="poweroff"))
    assert (ran.code, ran.out) == (3, "false\n")


def test_nobody_is_logged_in_to_a_vm_that_is_off(sim: Sim) -> None:
    ran = sim("machine.ssh -H sim --command true", SimMac(vm="poweroff"))
    assert ran.code == 3
    assert "nobody can log in: the VM is poweroff" in ran.err


def test_a_dry_run_shows_how_one_logs_in(sim: Sim) -> None:
    assert "docker-machine ssh osprey-service true" in sim("--dry machine.ssh -H sim --command true", serving()).out


@pytest.mark.parametrize("line", ["machine.adopt", "machine.adopt --owner a/b"])
def test_a_vm_is_adopted_of_a_user_alone(sim: Sim, line: str) -> None:
    ran = sim(f"{line} -H sim", serving())
    assert ran.code == 1
    assert "is not the name of a user" in ran.err
