"""The VM of docker-machine on simulated Macs: what is decided, and in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ospreyops.machines import virtualbox
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
    mac = SimMac(vm=vm, store="there\n12\tdisk.vmdk\nconfig.json:\n")
    ran = sim("deploy --version 0.3 -H sim", mac)
    assert ran.code == 0, ran.said
    assert short(mac.ran)[:2] == ["docker-machine rm", "docker-machine create"]


def test_a_vm_that_is_being_made_is_waited_for(sim: Sim) -> None:
    line = " 99 99 00:20 docker-machine create --driver virtualbox osprey-service"
    mac = SimMac(vm="", store="there\nconfig.json:\n", calls=f"{line}\n")
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
    mac = SimMac(vm="poweroff", store="there\n3000000\tdisk.vmdk\nconfig.json:\n")
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


def test_the_start_script_is_told_where_the_engine_of_the_vm_is(sim: Sim) -> None:
    mac = SimMac()
    assert sim("deploy --version 0.3 -H sim", mac).code == 0
    started = next(line for line in mac.ran if "osprey-service --version" in line)
    assert "DOCKER_HOST=tcp://192.168.99.101:2376" in started
    assert "DOCKER_CERT_PATH=~/.docker/machine/machines/osprey-service" in started


@pytest.mark.parametrize("task", ["net.forward", "net.unforward", "machine.stop", "service.stop", "image.list"])
def test_a_vm_that_cannot_be_asked_is_never_taken_for_one_with_nothing_to_do(sim: Sim, task: str) -> None:
    for mac in (serving(hung=True), SimMac(vm="", hung=True)):
        ran = sim(f"{task} -H sim", mac)
        assert (ran.code, mac.ran) == (3, [])
        assert "VBoxManage does not answer" in ran.err or "does not shut down" in ran.err


def test_a_restart_of_the_vm_keeps_the_desired_release(sim: Sim) -> None:
    mac = serving()
    assert sim("machine.restart -H sim", mac).code == 0
    assert short(mac.ran) == ["docker-machine stop", "docker-machine start"]
    assert mac.desired == "0.3"
    assert sim("machine.stop -H sim", mac).code == 0
    assert mac.desired == ""


def test_a_store_of_its_own_is_told_to_every_tool_of_docker_machine() -> None:
    vm = virtualbox.Machine(replace(Settings("sim"), vm_store="/x/machine", vm_registry="/x/vbox")).vm
    for command in (vm.start(), vm.power_off(), vm.forward(vm.service_rule(), running=True), vm.renew_certificates()):
        assert str(command).startswith("MACHINE_STORAGE_PATH=/x/machine VBOX_USER_HOME=/x/vbox ")
    assert "/x/machine/machines/osprey-service/id_rsa" in vm.inside("true")
