"""The service's port is forwarded into the VM, by the runbook's rule alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ospreyops.remote.command import Answer, Command
from tests.sim.mac import SimMac
from tests.sim.short import short
from tests.worlds import RULE, Sim, serving


def test_a_rule_that_is_missing_is_added_and_one_in_the_way_is_replaced(sim: Sim) -> None:
    mac = serving()
    mac.rules = ["ssh,tcp,127.0.0.1,50022,,22", "old,tcp,,44342,,443", "tcp-port44342,tcp,,44342,,8080"]
    assert sim("net.forward -H sim", mac).code == 0
    assert short(mac.ran) == ["natpf1 delete old", "natpf1 delete tcp-port44342", f"natpf1 {RULE}"]
    assert mac.rules == ["ssh,tcp,127.0.0.1,50022,,22", RULE]
    again = sim("net.forward -H sim", mac)
    assert "nothing to do" in again.out


def test_a_forward_taken_away_leaves_docker_machines_own_rule(sim: Sim) -> None:
    mac = serving()
    assert sim("net.unforward -H sim", mac).code == 0
    assert mac.rules == ["ssh,tcp,127.0.0.1,50022,,22"]


def test_a_vm_that_is_off_gets_its_rules_through_modifyvm(sim: Sim) -> None:
    mac = SimMac(vm="poweroff")
    assert sim("net.forward -H sim", mac).code == 0
    assert mac.ran == [f"VBoxManage modifyvm osprey-service --natpf1 {RULE}"]


@pytest.mark.parametrize(
    ("asked", "code"), [(Answer(28, "", "curl: (28) SSL connection timeout"), 3), (Answer(-1, late=True), 0)]
)
def test_a_port_is_taken_when_it_answers_curl_and_not_when_curl_was_slow(sim: Sim, asked: Answer, code: int) -> None:
    class Mac(SimMac):
        def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
            return {
                name: asked if name == "about" else said for name, said in super().ask(questions, sudo=sudo).items()
            }

    ran = sim("net.forward -H sim", Mac())
    assert (ran.code, "taken by an unknown process (run with sudo to see it)" in ran.err) == (code, code == 3), ran.said
