"""The stand-in of VBoxManage against the field book, on VMs that do not run."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.lab.olympias.asked import fails
from tests.lab.olympias.faults import RULE
from tests.lab.olympias.host import Olympias
from tests.lab.olympias.machine import LabVm


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["frobnicate", "x"], "Invalid command 'frobnicate'."),
        (["controlvm", "dev", "frobnicate"], "Invalid parameter 'frobnicate'"),
        (["controlvm", "dev", "poweroff", "--now"], "Invalid parameter '--now'"),
        (["modifyvm", "dev", "--frobnicate", "on"], "Unknown option: --frobnicate"),
        (["startvm", "dev", "--type", "quick"], "Invalid --type argument 'quick'"),
        (["modifyvm", "dev", "--natpf1", "web,sctp,,1,,1"], "Wrong rule proto 'sctp' specified"),
        (["modifyvm", "dev", "--natpf1", "web,tcp,,1"], "Missing or invalid argument to 'natpf1'."),
    ],
)
def test_vboxmanage_refuses_what_the_field_book_does_not_know(off: LabVm, words: list[str], said: str) -> None:
    done = off.host.vboxmanage(*words, user="ops")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"VBoxManage: error: {said}")
    assert off.host.refused() == [["VBoxManage", *words]]
    off.host.forgive()


def test_version_and_usage(mac: Olympias) -> None:
    version = mac.vboxmanage("--version")
    assert (version.returncode, version.stdout) == (0, "6.1.26r145957\n")
    usage = mac.vboxmanage("controlvm")
    assert usage.returncode == 1
    assert usage.stdout.startswith("Usage:")


def test_a_vm_belongs_to_its_user(off: LabVm) -> None:
    assert re.fullmatch(r'"dev" \{[-0-9a-f]{36}\}\n', off.host.vboxmanage("list", "vms", user="ops").stdout)
    assert off.host.vboxmanage("list", "vms", user="root").stdout == ""
    lines = fails(off.host.vm("dev", user="root"), "showvminfo", "dev", "--machinereadable")
    assert lines[0] == "Could not find a registered machine named 'dev'"
    assert lines[1].startswith("Details: code VBOX_E_OBJECT_NOT_FOUND (0x80bb0001)")
    home = {"VBOX_USER_HOME": "/Users/ops/Library/VirtualBox"}
    assert off.host.run("VBoxManage", "list", "vms", user="root", env=home).stdout.startswith('"dev"')
    other = off.host.run("VBoxManage", "list", "vms", user="jmartin", env=home)
    assert other.returncode == 1
    assert other.stderr.endswith("global settings directory '/Users/ops/Library/VirtualBox' is not accessible!\n")


def test_a_vm_that_is_off(off: LabVm) -> None:
    info = off.info
    assert (info["VMState"], info["memory"], info["nic1"], info["hostonlyadapter2"]) == (
        "poweroff",
        "512",
        "nat",
        "vboxnet0",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}", info["VMStateChangeTime"])
    assert re.fullmatch(r"080027[0-9A-F]{6}", info["macaddress2"])
    assert "SessionName" not in info
    for verb in ("poweroff", "acpipowerbutton", "pause", "resume", "savestate"):
        assert fails(off, "controlvm", "dev", verb) == ["Machine 'dev' is not currently running."]
    assert "VBoxNetworkName: HostInterfaceNetworking-vboxnet0" in off.host.vboxmanage("list", "hostonlyifs").stdout


def test_rules_of_a_vm_that_is_off(off: LabVm) -> None:
    off.manage("modifyvm", "--natpf1", RULE)
    off.manage("modifyvm", "--natpf1", "a,tcp,127.0.0.1,1,,rubbish")
    assert off.rules == ["a,tcp,127.0.0.1,1,,0", RULE]
    again = fails(off, "modifyvm", "dev", "--natpf1", RULE)
    assert again[0] == "A NAT rule of this name already exists"
    assert again[1].startswith("Details: code NS_ERROR_INVALID_ARG (0x80070057), component NATEngineWrap")
    same = fails(off, "modifyvm", "dev", "--natpf1", "other,tcp,,44342,,80")
    assert same[0] == "A NAT rule for this host port and this host IP already exists"
    off.manage("modifyvm", "--natpf1", "other,tcp,0.0.0.0,44342,,80")
    off.manage("modifyvm", "--natpf1", "delete", "other")
    gone = fails(off, "modifyvm", "dev", "--natpf1", "delete", "other")
    assert gone[0].startswith("Code NS_ERROR_INVALID_ARG (0x80070057) - Invalid argument value")


def test_a_vm_whose_settings_cannot_be_read(off: LabVm) -> None:
    settings = off.files / "dev.vbox"
    uuid = off.info["UUID"]
    settings.rename(settings.with_suffix(".away"))
    try:
        assert off.host.vboxmanage("list", "vms", user="ops").stdout == f'"<inaccessible>" {{{uuid}}}\n'
        done = off.host.vboxmanage("showvminfo", uuid, "--machinereadable", user="ops")
        assert done.stdout == f'name="<inaccessible>"\nUUID="{uuid}"\n'
    finally:
        settings.with_suffix(".away").rename(settings)


def test_vboxmanage_hangs_when_told_to(off: LabVm) -> None:
    off.host.hang_vboxmanage("startvm", user="ops")
    assert off.state == "poweroff"
    off.host.hang_vboxmanage(user="ops")
    with pytest.raises(subprocess.TimeoutExpired):
        off.host.vboxmanage("list", "vms", user="ops", limit=1)
    assert off.host.vboxmanage("--version", user="ops").returncode == 0
    off.host.unhang_vboxmanage(user="ops")
    assert off.state == "poweroff"


def test_a_state_that_a_test_forces_is_what_virtualbox_says(off: LabVm) -> None:
    off.force_state("gurumeditation")
    assert off.state == "gurumeditation"
    assert fails(off, "controlvm", "dev", "savestate") == ["Machine in invalid state 7 -- guru meditation."]
    assert off.host.vboxmanage("list", "runningvms", user="ops").stdout == ""
    off.force_state("stopping")
    assert fails(off, "controlvm", "dev", "poweroff")[0].startswith("Invalid machine state: Stopping (must be Running")
    off.manage("startvm", "--type", "emergencystop")
    assert off.state == "poweroff"


def test_a_vm_is_removed_with_its_files(mac: Olympias) -> None:
    vm = mac.vm("spare")
    vm.create(memory=512, cpus=1)
    done = mac.vboxmanage("unregistervm", "spare", "--delete")
    assert done.returncode == 0
    assert done.stderr.startswith("0%...")
    assert not vm.files.exists()


def test_a_power_off_holds_the_lock_as_long_as_a_test_wants(off: LabVm) -> None:
    off.host.linger(60, user="ops")
    off.manage("startvm", "--type", "headless")
    off.control("poweroff")
    assert off.state == "poweroff"
    assert "already locked by a session" in fails(off, "startvm", "dev")[0]
    assert "already locked for a session" in fails(off, "modifyvm", "dev", "--memory", "512")[0]
    off.host.linger(0, user="ops")
