"""Every known fault on simulated hosts: detected, repaired, gone; and what heals."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from ospreyops.facts.engine import Container, EngineFacts, EngineRefusal
from ospreyops.faults import registry
from tests.conftest import PROJECT
from tests.sim.host import Killed, SimHost
from tests.worlds import CURABLE, FAULTS, RULE, Sim, hung_java, kill_before, serving, spare, with_fault


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_by_the_doctor_repaired_by_its_task_and_the_second_time_not_there(sim: Sim, name: str) -> None:
    mac = with_fault(name)
    found = sim("doctor -H sim", mac)
    assert found.code == 2, found.said
    assert re.findall(r"^FAILED (\w+) ", found.out, re.M) == [name], found.said
    assert f"inv fix.{name} -H sim" in found.out
    yes = " --yes" if name == "sleep" else ""
    cured = sim(f"fix.{name}{yes} -H sim", mac)
    assert cured.code == 0, cured.said
    before = list(mac.ran)
    again = sim(f"fix.{name} -H sim", mac)
    assert "nothing to do" in again.out, again.said
    assert mac.ran == before
    assert sim("doctor -H sim", mac).code == 0
    assert RULE in mac.rules
    assert mac.service


@pytest.mark.parametrize("name", CURABLE)
def test_heal_repairs_each_fault_that_keeps_the_service_from_being_healthy(sim: Sim, name: str) -> None:
    mac = with_fault(name)
    assert sim("heal -H sim", mac).code == 0
    assert sim("status -H sim", mac).code == 0


@pytest.mark.parametrize("task", ["fix", "heal"])
@pytest.mark.parametrize("name", CURABLE)
def test_a_repair_that_is_killed_before_any_of_its_lines_is_finished_by_heal(sim: Sim, name: str, task: str) -> None:
    line = f"{task}.{name} -H sim" if task == "fix" else "heal -H sim"
    whole = with_fault(name)
    assert sim(line, whole).code == 0
    for done in range(len(whole.ran)):
        mac = with_fault(name)

        kill_before(mac, done)
        with pytest.raises(Killed):
            sim(line, mac)
        spare(mac)
        healed = sim("heal -H sim", mac)
        assert healed.code == 0, healed.said
        assert sim("status -H sim", mac).code == 0
        assert mac.rules.count(RULE) == 1


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
    mac.set_clock = lambda seconds: None  # type: ignore[method-assign]
    ran = sim("fix.clock -H sim", mac)
    assert ran.code == 2
    assert "the VM's clock is 90 s behind its host" in ran.err


def test_a_paused_vm_keeps_the_service_and_its_jobs(sim: Sim) -> None:
    mac = with_fault("paused")
    service = mac.service
    assert sim("fix.paused -H sim", mac).code == 0
    assert mac.service is service


def test_calls_that_hang_are_ended_by_their_process_groups_and_nobody_elses(sim: Sim) -> None:
    login = " 42 42 05:00 docker-machine ssh osprey-service\n"
    mac = serving(hung=True, calls=f" 41 40 05:10 docker-machine ls\n 43 43 00:02 VBoxManage list vms\n{login}")
    mac.vm = "running"
    assert sim("fix.hung -H sim", mac).code == 0
    assert mac.ran[0] == "kill -9 -- -40"
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
    assert mac.ran[0] == "kill -9 -- 9"


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
    assert sim("fix.certs -H sim", mac).code == 0
    assert "regenerate-certs -f --client-certs" in mac.ran[0]
    assert mac.service


@pytest.mark.parametrize("name", FAULTS)
def test_what_the_doctor_says_to_try_does_something_about_the_fault(sim: Sim, name: str) -> None:
    mac = with_fault(name)
    tried = re.search(r"try: inv (\S+) -H sim", sim("doctor -H sim", mac).err)
    assert tried and tried[1] in ("heal", f"fix.{name}")
    ran = sim(f"{tried[1]}{' --yes' if name == 'sleep' else ''} -H sim", mac)
    assert ran.code == 0 and "nothing to do" not in ran.out, ran.said


def test_a_hung_service_is_stopped_with_its_last_words_kept_and_started_again(sim: Sim) -> None:
    mac = hung_java(serving())
    found = sim("doctor -H sim", mac)
    assert "osprey/service:0.3 hangs" in found.out
    assert sim("fix.service -H sim", mac).code == 0
    assert "docker stop" in mac.ran[0]


def test_what_a_repair_would_cut_is_said_before(sim: Sim) -> None:
    mac = hung_java(serving())
    assert mac.service
    mac.service = replace(mac.service, jobs=("sander",))
    assert "sander computing in it: cut" in sim("doctor -H sim", mac).out


def test_a_healthy_service_is_never_cut_by_heal(sim: Sim) -> None:
    for fault in ("certs", "address"):
        mac = with_fault(fault)
        service = mac.service
        assert sim("heal -H sim", mac).code == 0
        assert mac.service is service
        assert sim("doctor -H sim", mac).code == 2


def test_a_service_that_is_not_desired_is_left_alone_by_heal(sim: Sim) -> None:
    for mac in (with_fault("stopped", desired=""), with_fault("service", desired="")):
        ran = sim("heal -H sim", mac)
        assert (ran.code, mac.ran) == (0, [])
        assert "no release is desired" in ran.out


def test_a_foreign_listener_is_named_and_never_ended(sim: Sim) -> None:
    mac = with_fault("forward", taken="nc 99")
    for line in ("fix.port", "net.forward", "heal"):
        ran = sim(f"{line} -H sim", mac)
        assert (ran.code, mac.ran) == (3, []), ran.said
        assert "port 44342 of sim is taken by nc (pid 99)" in ran.err


def test_a_rule_that_is_there_but_dead_is_replaced(sim: Sim) -> None:
    mac = serving(dead_rule=True)
    assert sim("fix.forward -H sim", mac).code == 0
    assert [line.split("natpf1 ")[1] for line in mac.ran] == ["delete tcp-port44342", RULE]


def test_the_macs_sleep_is_changed_only_after_a_yes(sim: Sim) -> None:
    mac = with_fault("sleep")
    ran = sim("fix.sleep -H sim", mac)
    assert (ran.code, mac.ran) == (1, [])
    assert "the repair is sudo pmset -a sleep 0" in ran.err


def test_a_full_disk_is_cleared_of_old_releases_alone(sim: Sim) -> None:
    mac = serving(disk_free=1_000)
    for version in ("0.1", "0.2"):
        mac.load(version)
        mac.unpacked.add(version)
    ran = sim("fix.disk -H sim", mac)
    assert set(mac.images) == {"osprey/service:0.2", "osprey/service:0.3"}, ran.said
    assert mac.unpacked == {"0.2", "0.3"}
    assert ran.code == 3
    assert "see what else is big" in ran.err


def test_the_doctor_tells_a_program_all_it_knows(sim: Sim) -> None:
    data = json.loads(sim("doctor --json -H sim", with_fault("clock")).out)
    assert data["faults"][0]["task"] == "fix.clock"
    assert data["faults"][0]["impact"] is None


def test_the_status_names_the_faults_and_their_repairs(sim: Sim) -> None:
    ran = sim("status -H sim", with_fault("clock"))
    assert "inv fix.clock -H sim" in ran.out


def test_every_fault_has_a_file_a_task_and_a_row_in_the_readme() -> None:
    readme = (PROJECT / "README.md").read_text()
    for fault in registry():
        assert f"| `{fault.name}` |" in readme
        assert f"`inv fix.{fault.name}" in readme


def test_a_server_without_a_vm_has_only_the_faults_that_it_can_have(sim: Sim) -> None:
    host = SimHost(desired="0.3")
    host.load("0.3")
    host.unpacked.add("0.3")
    found = sim("doctor -H sim", host)
    assert "osprey/service:0.3 does not run" in found.out
    assert sim("heal -H sim", host).code == 0
    assert host.service
    assert sim("doctor -H sim", host).code == 0


def test_the_port_of_a_container_that_is_about_to_run_is_not_taken_by_a_stranger(sim: Sim) -> None:
    host = SimHost(desired="0.3", unpacked={"0.3"})
    host.load("0.3")
    engine, begun = host.engine, list[Container]()

    def created_at_first() -> EngineFacts | EngineRefusal:
        facts = engine()
        if isinstance(facts, EngineFacts) and facts.service and not begun:
            begun.append(facts.service)
            return replace(facts, service=replace(facts.service, state="created"))
        return facts

    host.engine = created_at_first  # type: ignore[method-assign]
    ran = sim("heal -H sim", host)
    assert begun and ran.code == 0, ran.said
