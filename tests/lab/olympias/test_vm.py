"""The real machine behind VBoxManage: boot, pause, save, restore, forward, and die."""

from __future__ import annotations

import subprocess

import pytest

from tests.lab.olympias.asked import banner, fails
from tests.lab.olympias.machine import LabVm
from tests.lab.wait import until

SSH_RULE = "guest-ssh,tcp,,2222,,22"
INVALID_STATE = (
    "code VBOX_E_INVALID_VM_STATE (0x80bb0002), component ConsoleWrap, interface IConsole, callee nsISupports"
)


@pytest.fixture
def vm(deployed: LabVm) -> LabVm:
    """The VM, running."""
    return deployed


def test_the_guest_is_what_docker_machine_expects(vm: LabVm) -> None:
    assert vm.address == "192.168.99.101"
    assert "inet 192.168.99.101/24" in vm.ssh("ip addr show dev eth1")
    assert vm.ssh("sudo id -u; grep ^ID= /etc/os-release; ls -d /var/lib/boot2docker; /etc/init.d/docker status") == (
        "0\nID=boot2docker\n/var/lib/boot2docker\nDocker daemon is running\n"
    )
    assert vm.ssh("docker version --format '{{.Server.APIVersion}}'") == "1.40\n"
    assert abs(vm.clock()) < 3
    assert vm.info["SessionName"] == "headless"
    assert vm.host.vboxmanage("list", "runningvms").stdout.startswith('"osprey-service" {')
    assert fails(vm, "startvm", vm.name)[0] == (
        "The machine 'osprey-service' is already locked by a session (or being locked or unlocked)"
    )
    assert fails(vm, "modifyvm", vm.name, "--memory", "1")[0] == (
        "The machine 'osprey-service' is already locked for a session (or being unlocked)"
    )


def test_ports_are_forwarded_and_stay_with_the_vm(vm: LabVm) -> None:
    assert banner(2222) is None
    assert vm.control("natpf1", SSH_RULE) == ""
    assert banner(2222) == b"SSH-"
    assert fails(vm, "controlvm", vm.name, "natpf1", SSH_RULE)[0] == "A NAT rule of this name already exists"
    vm.control("savestate")
    assert vm.state == "saved"
    assert banner(2222) is None
    vm.start()
    assert banner(2222) == b"SSH-"
    vm.control("natpf1", "delete", "guest-ssh")
    assert banner(2222) is None
    assert SSH_RULE not in vm.rules


def test_a_port_that_is_taken_is_not_reported(vm: LabVm) -> None:
    assert vm.control("natpf1", "taken,tcp,,22,,22") == ""
    assert "taken,tcp,,22,,22" in vm.rules
    assert vm.host.greets()
    vm.control("natpf1", "delete", "taken")
    assert vm.host.greets()


def test_pause_stops_the_guest_and_its_clock(vm: LabVm) -> None:
    vm.control("natpf1", SSH_RULE)
    vm.control("pause")
    assert vm.state == "paused"
    assert vm.host.vboxmanage("list", "runningvms").stdout.startswith('"osprey-service"')
    assert fails(vm, "controlvm", vm.name, "pause")[:2] == ["Already paused", f"Details: {INVALID_STATE}"]
    assert fails(vm, "controlvm", vm.name, "acpipowerbutton")[0] == "Invalid machine state: Paused"
    assert banner(2222, limit=3) == b""
    vm.control("resume", "--type", "headless")
    assert vm.state == "running"
    assert fails(vm, "controlvm", vm.name, "resume")[0] == (
        "Cannot resume the machine as it is not paused (machine state: Running)"
    )
    assert vm.clock() < -2
    vm.set_clock(0)
    assert abs(vm.clock()) < 2
    vm.control("natpf1", "delete", "guest-ssh")


def test_a_sleeping_host_pauses_for_good_and_savestate_is_the_way_out(vm: LabVm) -> None:
    vm.ssh("touch /tmp/kept")
    vm.host_suspend()
    assert fails(vm, "controlvm", vm.name, "resume") == [
        "VM is paused due to host power management",
        f"Details: {INVALID_STATE}",
        'Context: "Resume()" at line 410 of file VBoxManageControlVM.cpp',
    ]
    saved = vm.host.vboxmanage("controlvm", vm.name, "savestate")
    assert (saved.returncode, saved.stdout) == (0, "")
    assert saved.stderr.startswith("0%...10%...")
    assert vm.info["VMStateFile"].endswith(".sav")
    assert fails(vm, "controlvm", vm.name, "resume") == ["Machine 'osprey-service' is not currently running."]
    started = vm.manage("startvm", "--type", "headless")
    assert started == (
        'Waiting for VM "osprey-service" to power on...\nVM "osprey-service" has been successfully started.\n'
    )
    vm.wait()
    assert vm.ssh("ls /tmp/kept") == "/tmp/kept\n"
    assert abs(vm.clock()) < 3


def test_a_frozen_process_holds_vboxmanage(vm: LabVm) -> None:
    vm.freeze()
    with pytest.raises(subprocess.TimeoutExpired):
        vm.host.vboxmanage("showvminfo", vm.name, "--machinereadable", limit=1)
    vm.thaw()
    assert vm.state == "running"


def test_the_host_wakes(vm: LabVm) -> None:
    vm.host_suspend()
    vm.host_resume()
    assert vm.state == "running"


def test_a_killed_vm_is_aborted_and_boots_again_until_the_button_ends_it(vm: LabVm) -> None:
    vm.ssh("sudo touch /var/lib/boot2docker/kept && touch /tmp/gone && sync")
    vm.kill()
    assert vm.state == "aborted"
    assert fails(vm, "controlvm", vm.name, "poweroff") == ["Machine 'osprey-service' is not currently running."]
    vm.move("192.168.99.107")
    vm.manage("startvm", "--type", "headless")
    vm.wait("true")
    assert vm.ssh("ls /var/lib/boot2docker/kept; ls /tmp") == "/var/lib/boot2docker/kept\n"
    vm.control("acpipowerbutton")
    until(lambda: vm.state == "poweroff", "the guest's shutdown", 30, vm.console)
