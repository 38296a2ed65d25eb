"""The VM of docker-machine on simulated Macs: what is decided, and in which order."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace

import pytest

from ospreyops.machines import virtualbox
from ospreyops.remote.command import Answer, Command
from ospreyops.settings import Settings
from tests.sim.mac import SimMac
from tests.sim.short import short
from tests.worlds import RULE, Sim, serving

SETTINGS = "/Users/jmartin/.docker/machine/machines/osprey-service/osprey-service/osprey-service.vbox"


def test_a_mac_with_nothing_is_brought_all_the_way_up(sim: Sim) -> None:
    mac = SimMac(vm="")
    ran = sim("deploy --version 0.3 -H sim", mac)
    assert ran.code == 0, ran.said
    assert short(mac.ran) == [
        *(
            "docker-machine create",
            "tar -xof",
            "docker load",
            "mv -f",
            "osprey-service --version 0.3",
            f"natpf1 {RULE}",
        ),
    ]
    assert mac.service and RULE in mac.rules


@pytest.mark.parametrize("vm", ["", "poweroff"])
def test_a_vm_whose_making_did_not_end_is_made_again(sim: Sim, vm: str) -> None:
    mac = SimMac(vm=vm, store="there\n12\tdisk.vmdk\n")
    ran = sim("deploy --version 0.3 -H sim", mac)
    assert ran.code == 0, ran.said
    assert short(mac.ran)[:2] == ["docker-machine rm", "docker-machine create"]


def test_a_vm_that_is_being_made_is_waited_for(sim: Sim) -> None:
    line = " 99 99 00:20 docker-machine create --driver virtualbox osprey-service"
    mac = SimMac(vm="", store="there\n", calls=f"{line}\n")
    mac.on_look = lambda: vars(mac).update(vm="running", store="", calls="") if mac.now > 60 else None
    ran = sim("deploy --version 0.3 -H sim", mac)
    assert ran.code == 0, ran.said
    assert "waiting for the VM osprey-service to be made (pid 99)" in ran.out
    assert not [line for line in mac.ran if "docker-machine rm" in line or "docker-machine create" in line]


def test_a_vm_of_a_longer_name_that_is_being_made_is_not_waited_for(sim: Sim) -> None:
    mac = SimMac(vm="", calls=" 99 99 00:20 docker-machine create --driver virtualbox osprey-service-2\n")
    assert sim("deploy --version 0.3 -H sim", mac).code == 0
    assert short(mac.ran)[0] == "docker-machine create"


@pytest.mark.parametrize("store", [f"there\n3000000\tdisk.vmdk\n{SETTINGS}\n", f"there\n{SETTINGS}\n"])
def test_a_vm_that_virtualbox_lost_is_kept_and_how_to_get_it_back_is_said(sim: Sim, store: str) -> None:
    mac = SimMac(vm="", store=store)
    ran = sim("deploy --version 0.3 -H sim", mac)
    assert (ran.code, mac.ran) == (3, [])
    assert f"VBoxManage registervm {SETTINGS}" in ran.err
    assert sim("machine.remove --yes -H sim", mac).code == 0
    assert mac.store == ""


def test_a_vm_that_is_off_and_has_something_on_its_disk_is_never_made_again(sim: Sim) -> None:
    mac = SimMac(vm="poweroff", store="there\n3000000\tdisk.vmdk\n")
    sim("deploy --version 0.3 -H sim", mac)
    assert short(mac.ran)[0] == "docker-machine start"


def test_a_second_deploy_does_nothing(sim: Sim) -> None:
    mac = serving()
    ran = sim("deploy --version 0.3 -H sim", mac)
    assert (ran.code, mac.ran, mac.looks) == (0, [], 1)
    assert "nothing to do" in ran.out


@pytest.mark.parametrize("state", ["poweroff", "aborted", "saved"])
def test_a_vm_that_is_off_is_started_before_anything_else(sim: Sim, state: str) -> None:
    mac = SimMac(vm=state)
    assert sim("deploy --version 0.3 -H sim", mac).code == 0
    assert short(mac.ran)[0] == "docker-machine start"
    assert mac.service


def test_a_vm_that_the_macs_sleep_paused_is_saved_and_started_and_keeps_its_service(sim: Sim) -> None:
    mac = serving(vm="running")
    mac.vm = "paused"
    assert sim("deploy --version 0.3 -H sim", mac).code == 0
    assert short(mac.ran) == ["controlvm osprey-service resume", "docker-machine start"]
    assert mac.service


def test_while_vboxmanage_hangs_nothing_is_tried_and_what_to_try_is_said(sim: Sim) -> None:
    mac = serving(hung=True)
    ran = sim("deploy --version 0.4 -H sim", mac)
    assert (ran.code, mac.ran) == (3, [])
    assert "VBoxManage does not answer" in ran.err
    assert "inv fix.hung" in ran.err


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


def test_the_start_script_is_told_where_the_engine_of_the_vm_is(sim: Sim) -> None:
    mac = SimMac()
    assert sim("deploy --version 0.3 -H sim", mac).code == 0
    started = next(line for line in mac.ran if "osprey-service --version" in line)
    assert "DOCKER_HOST=tcp://192.168.99.101:2376" in started
    assert "DOCKER_CERT_PATH=~/.docker/machine/machines/osprey-service" in started


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


@pytest.mark.parametrize(
    ("asked", "code"), [(Answer(28, "", "curl: (28) SSL connection timeout"), 3), (Answer(-1, late=True), 0)]
)
def test_a_port_is_taken_when_it_answers_curl_and_not_when_curl_was_slow(sim: Sim, asked: Answer, code: int) -> None:
    class Mac(SimMac):
        def ask(self, questions: Mapping[str, Command]) -> dict[str, Answer]:
            return {name: asked if name == "about" else said for name, said in super().ask(questions).items()}

    ran = sim("net.forward -H sim", Mac())
    assert (ran.code, "taken by an unknown process (run with sudo to see it)" in ran.err) == (code, code == 3), ran.said


@pytest.mark.parametrize("task", ["net.forward", "net.unforward", "machine.stop", "service.stop", "image.list"])
def test_a_vm_that_cannot_be_asked_is_never_taken_for_one_with_nothing_to_do(sim: Sim, task: str) -> None:
    for mac in (serving(hung=True), SimMac(vm="", hung=True)):
        ran = sim(f"{task} -H sim", mac)
        assert (ran.code, mac.ran) == (3, [])
        assert "VBoxManage does not answer" in ran.err or "does not shut down" in ran.err


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


def test_a_restart_of_the_vm_keeps_the_desired_release(sim: Sim) -> None:
    mac = serving()
    assert sim("machine.restart -H sim", mac).code == 0
    assert short(mac.ran) == ["docker-machine stop", "docker-machine start"]
    assert mac.desired == "0.3"
    assert sim("machine.stop -H sim", mac).code == 0
    assert mac.desired == ""


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


def test_a_store_of_its_own_is_told_to_every_tool_of_docker_machine() -> None:
    vm = virtualbox.Machine(replace(Settings("sim"), vm_store="/x/machine", vm_registry="/x/vbox")).vm
    for command in (vm.start(), vm.power_off(), vm.forward(vm.service_rule(), running=True), vm.renew_certificates()):
        assert command.line.startswith("MACHINE_STORAGE_PATH=/x/machine VBOX_USER_HOME=/x/vbox ")
    assert "/x/machine/machines/osprey-service/id_rsa" in vm.inside("true")
