"""What a VM left on the disk, or docker-machine remembers of it: told apart from a VM that nobody needs."""

from __future__ import annotations

import json

import pytest

from ospreyops.remote.command import Answer
from ospreyops.tools import docker_machine
from ospreyops.tools.vboxmanage import PREFIX
from tests.sim.mac import SimMac
from tests.sim.vm_answers import STORE
from tests.worlds import Sim, serving

SETTINGS = f"{STORE}/osprey-service/osprey-service.vbox"


def left(*rows: str, port: int = 0) -> str:
    """What docker-machine has of a VM that VirtualBox does not know."""
    config = json.dumps({"Driver": {"SSHPort": port, "IPAddress": ""}})
    return "\n".join([STORE, *rows, "config.json:", config, ""])


@pytest.mark.parametrize(
    ("store", "said"),
    [
        (left("3000000\t./converted.vdi", f"{SETTINGS}-prev", port=50022), f"cp {SETTINGS}-prev {SETTINGS} && VBox"),
        (left("12\t./disk.vmdk", f"{SETTINGS}-prev"), f"cp {SETTINGS}-prev {SETTINGS} && VBoxManage registervm"),
        (left("12\t./id_rsa", port=50022), f"a backup of its settings, NAME.vbox, in {STORE}"),
        (left("3000000\t./moved/disk.vmdk"), f"a backup of its settings, NAME.vbox, in {STORE}"),
        (left("12\t./disk.vmdk", SETTINGS), f"VBoxManage registervm {SETTINGS}"),
    ],
    ids=["settings_lost", "settings_lost_and_disk_moved", "it_ran_once", "a_large_file", "not_registered"],
)
def test_a_vm_whose_settings_or_disk_are_elsewhere_is_never_removed(sim: Sim, store: str, said: str) -> None:
    mac = SimMac(vm="", store=store, desired="0.3")
    for line in ("heal", "deploy --version 0.3", "machine.create"):
        ran = sim(f"{line} -H sim", mac)
        assert (ran.code, mac.ran) == (3, []), ran.said
        assert said in ran.err


@pytest.mark.parametrize("end", range(0, 160, 5))
def test_files_of_which_not_all_was_seen_in_time_are_not_taken_for_those_of_no_vm(end: int) -> None:
    whole = left("3000000\t./disk.vmdk", SETTINGS, port=50022)
    assert not docker_machine.store(Answer(124, whole[:end], late=True)).empty
    assert not docker_machine.store(Answer(0, whole[: whole.index("config.json:")])).empty


def test_files_are_not_removed_while_nobody_can_say_whether_the_vm_is_being_made(sim: Sim) -> None:
    mac = SimMac(vm="", store=left("12\t./disk.vmdk"), desired="0.3")
    mac.late = frozenset({"calls"})
    ran = sim("heal -H sim", mac)
    assert (ran.code, mac.ran) == (3, []), ran.said


def test_files_of_a_vm_that_is_being_made_are_not_removed(sim: Sim) -> None:
    line = " 99 99 00:20 docker-machine --debug create --driver virtualbox osprey-service"
    mac = SimMac(vm="", store=left("12\t./disk.vmdk"), calls=f"{line}\n", desired="0.3")
    assert "waiting for the VM osprey-service to be made (pid 99)" in sim("--dry heal -H sim", mac).out
    assert mac.ran == []


def test_a_config_json_that_is_lost_is_named_and_nothing_is_ended(sim: Sim) -> None:
    mac = serving(config=False)
    found = sim("doctor -H sim", mac)
    assert found.code == 2
    assert "docker-machine cannot read its config.json of the VM osprey-service" in found.out
    assert "bring it back from a backup" in found.err
    assert sim("heal -H sim", mac).code == 0
    mac.power("poweroff")
    assert sim("heal -H sim", mac).code == 3
    assert mac.ran == []


def test_a_vm_whose_making_ended_while_it_booted_is_restarted_and_gets_its_certificates(sim: Sim) -> None:
    mac = SimMac(ssh_port=0, known_address="", tls="x509: certificate signed by unknown authority", desired="0.3")
    ran = sim("deploy --version 0.3 -H sim", mac)
    assert ran.code == 0, ran.said
    lines = [line for line in mac.ran if "docker-machine re" in line]
    assert [line.split()[1] for line in lines] == ["restart", "regenerate-certs"]


def test_a_start_whose_remembered_port_is_taken_finds_another_one(sim: Sim) -> None:
    mac = serving(port_taken=True)
    mac.power("poweroff")
    ran = sim("heal -H sim", mac)
    assert ran.code == 0, ran.said
    assert mac.ssh_port == 50023
    assert mac.service


def test_a_start_that_finds_the_vms_lock_held_is_tried_again_for_a_few_seconds(sim: Sim) -> None:
    mac = serving(locked=4)
    mac.power("poweroff")
    assert sim("heal -H sim", mac).code == 0
    mac.power("poweroff")
    mac.locked = 5
    assert sim("machine.start -H sim", mac).code == 5


def test_a_saved_state_goes_on_though_the_remembered_port_is_taken(sim: Sim) -> None:
    mac = serving(port_taken=True)
    service = mac.service
    mac.vm = "saved"
    assert sim("heal -H sim", mac).code == 0
    assert mac.service is service
    assert not [line for line in mac.ran if "discardstate" in line]


def test_a_vm_that_died_while_it_was_restored_goes_on_without_docker_machine(sim: Sim) -> None:
    mac = serving(vm="aborted-saved")
    service = mac.service
    ran = sim("heal -H sim", mac)
    assert ran.code == 0, ran.said
    assert mac.service is service
    assert [line for line in mac.ran if "start" in line] == ["VBoxManage startvm osprey-service --type headless"]


def test_a_saved_state_that_cannot_be_loaded_is_discarded_and_not_told_as_gone_on(sim: Sim) -> None:
    mac = serving(vm="aborted-saved", unloadable=True)
    ran = sim("heal -H sim", mac)
    assert ran.code == 0, ran.said
    assert mac.service
    assert "if that could be loaded" in ran.out


def test_the_certificate_of_another_ca_is_put_aside_before_new_ones_are_made(sim: Sim) -> None:
    mac = serving(tls="x509: certificate signed by unknown authority", other_ca=True)
    ran = sim("fix.certs --yes -H sim", mac)
    assert ran.code == 0, ran.said
    assert "mv -f cert.pem cert.pem.old" in mac.ran[0]
    assert len([line for line in mac.ran if "regenerate-certs" in line]) == 1


def test_a_vm_that_virtualbox_lost_is_recognised_by_the_code_in_any_language(sim: Sim) -> None:
    said = f"VBoxManage: error: Maschine nicht gefunden\n{PREFIX}Details: code VBOX_E_OBJECT_NOT_FOUND (0x80bb0001)"
    mac = SimMac(vbox=Answer(1, "", said), store=left("12\t./disk.vmdk"), vm="")
    assert "the making of the VM osprey-service did not end" in sim("--dry machine.create -H sim", mac).out


def test_a_release_is_not_started_for_an_engine_whose_address_nobody_knows(sim: Sim) -> None:
    mac = serving(addresses="4: docker0    inet 172.17.0.1/16 brd\n")
    mac.stop()
    ran = sim("deploy --version 0.3 -H sim", mac)
    assert ran.code == 3, ran.said
    assert "the VM osprey-service has no address on sim" in ran.err
    assert "inv fix.address -H sim" in ran.err
    assert mac.service is None
