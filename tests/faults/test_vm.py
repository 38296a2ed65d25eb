"""Faults of the VM and of its Docker: what their repairs do, and what they leave alone."""

from __future__ import annotations

import pytest

from tests.worlds import RULE, Sim, serving, with_fault


def test_a_clock_is_set_to_the_second_and_nothing_else_is_touched(sim: Sim) -> None:
    mac = with_fault("clock")
    service = mac.service
    assert sim("fix.clock -H sim", mac).code == 0
    assert mac.service is service
    assert [line for line in mac.ran if "date -u -s" in line] == [
        "docker-machine ssh osprey-service 'sudo date -u -s @$(($(date +%s) + 90))'"
    ]
    assert mac.steps_clock


def test_a_clock_that_cannot_be_set_is_said_and_not_tried_for_ever(sim: Sim) -> None:
    mac = with_fault("clock")
    mac.set_clock = lambda seconds: None  # type: ignore[method-assign]  # a host on which this alone differs
    ran = sim("fix.clock -H sim", mac)
    assert ran.code == 2
    assert "the VM's clock is 90 s behind its host" in ran.err


def test_a_paused_vm_keeps_the_service_and_its_jobs(sim: Sim) -> None:
    mac = with_fault("paused")
    service = mac.service
    assert sim("fix.paused -H sim", mac).code == 0
    assert mac.service is service


def test_calls_that_hang_are_ended_and_nobody_elses(sim: Sim) -> None:
    login = " 42 42 05:00 docker-machine ssh osprey-service\n"
    mac = serving(hung=True, calls=f" 41 40 05:10 docker-machine ls\n 43 43 00:02 VBoxManage list vms\n{login}")
    mac.vm = "running"
    assert sim("fix.hung -H sim", mac).code == 0
    assert mac.ran[0] == "kill -9 41"
    assert "alarm 20; exec @ARGV" in mac.ran[1]


def test_virtualboxs_server_is_ended_only_when_no_other_vm_runs(sim: Sim) -> None:
    calls = "  9   9 01:00:00 /Applications/VirtualBox.app/Contents/MacOS/VBoxSVC --auto-shutdown\n"
    other = "  8   8 01:00:00 /x/VBoxHeadless --comment another --startvm y\n"
    mac = serving(vm="aborted", hung=True, calls=calls + other)
    ran = sim("fix.hung -H sim", mac)
    assert (ran.code, mac.ran) == (3, [])
    assert "other VMs run: pid 8" in ran.err
    mac.calls = calls
    assert sim("fix.hung -H sim", mac).code == 0
    assert mac.ran[0] == "kill -9 9"


def test_a_vm_whose_name_begins_with_that_of_the_services_is_left_alone(sim: Sim) -> None:
    other = "  8   8 01:00:00 /x/VBoxHeadless --comment osprey-service-2 --startvm y\n"
    mac = serving(vm="aborted", hung=True, calls=other)
    ran = sim("fix.hung -H sim", mac)
    assert (ran.code, mac.ran) == (3, [])
    assert "other VMs run: pid 8" in ran.err


def test_certificates_are_not_renewed_for_a_clock_that_is_wrong(sim: Sim) -> None:
    mac = serving(clock_behind=-90, tls="remote error: tls: bad certificate")
    assert sim("fix.certs -H sim", mac).code == 0
    assert not [line for line in mac.ran if "regenerate-certs" in line]


@pytest.mark.parametrize("said", ["sh: docker: command not found", "client version 1.44 is too new. Maximum …"])
def test_a_docker_command_that_cannot_speak_to_the_vm_is_said_and_no_vm_restarted_for_it(sim: Sim, said: str) -> None:
    mac = with_fault("service", tls=said)
    assert said in sim("doctor -H sim", mac).out
    for task in ("heal", "fix.certs", "fix.address", "deploy --version 0.3"):
        ran = sim(f"{task} -H sim", mac)
        assert ran.code == 3, ran.said
        assert f"the docker command of sim cannot speak to the VM's Docker: {said}" in ran.err
    assert mac.ran == []


def test_new_certificates_bring_the_service_back_that_they_ended(sim: Sim) -> None:
    mac = with_fault("certs")
    assert sim("fix.certs --yes -H sim", mac).code == 0
    assert "regenerate-certs -f --client-certs" in mac.ran[0]
    assert mac.service


def test_a_rule_that_is_there_but_dead_is_replaced(sim: Sim) -> None:
    mac = serving(dead_rule=True)
    assert sim("fix.forward -H sim", mac).code == 0
    assert [line.split("natpf1 ")[1] for line in mac.ran] == ["delete tcp-port44342", RULE]


def test_the_macs_sleep_is_changed_only_after_a_yes(sim: Sim) -> None:
    mac = with_fault("sleep")
    ran = sim("fix.sleep -H sim", mac)
    assert (ran.code, mac.ran) == (1, [])
    assert "the repair is sudo pmset -a sleep 0" in ran.err
