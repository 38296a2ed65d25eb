"""A VirtualBox that is slow, broken or not there, and one that hangs: nothing of use is ended for either."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ospreyops.remote.command import Answer
from tests.sim.mac import SimMac
from tests.worlds import Sim, serving

VMS_OWN = "VBoxManage: error: Failed to create the VirtualBox object!"
BROKEN: dict[str, dict[str, Any]] = {
    "5 s a call": {"slow": 5},
    "13 s a call": {"slow": 13},
    "20 s a call": {"slow": 20},
    "40 s a call": {"slow": 40},
    "no answer at all": {"slow": 10**6},
    "failing at once": {"vbox": Answer(1, "", f"{VMS_OWN}\nVBoxManage: error: Context: somewhere")},
    "words that nobody knows": {"vbox": Answer(0, "bonjour\n")},
    "not installed": {"vbox": Answer(127, "", "sh: VBoxManage: command not found")},
    "not executable": {"vbox": Answer(126, "", "sh: VBoxManage: Permission denied")},
}
"""How VBoxManage may be, while the VM lives or not."""


@pytest.mark.parametrize("how", BROKEN)
def test_a_service_that_serves_and_computes_is_healthy_and_not_touched_however_vboxmanage_is(
    sim: Sim, how: str
) -> None:
    mac = serving(**BROKEN[how])
    assert mac.service
    mac.service = service = replace(mac.service, jobs=("sander",))
    for line in ("doctor", "heal", "fix.hung", "deploy --version 0.3", "status"):
        ran = sim(f"{line} -H sim", mac)
        assert ran.code == 0, ran.said
    assert (mac.ran, mac.service) == ([], service)


@pytest.mark.parametrize("how", ["13 s a call", "failing at once", "not installed"])
def test_a_container_that_is_gone_is_started_again_however_vboxmanage_is(sim: Sim, how: str) -> None:
    mac = serving(**BROKEN[how])
    mac.stop()
    ran = sim("heal -H sim", mac)
    assert ran.code == 0, ran.said
    assert mac.service
    assert not [line for line in mac.ran if "VBoxManage" in line]


@pytest.mark.parametrize("how", ["failing at once", "words that nobody knows", "not installed", "not executable"])
def test_of_a_vm_that_nobody_can_ask_nothing_is_ended_and_the_cause_is_named(sim: Sim, how: str) -> None:
    calls = " 41 40 50:00 docker-machine ls\n 9 9 01:00:00 /x/VBoxSVC --auto-shutdown\n"
    mac = serving(ssh_says="Permission denied (publickey).", calls=calls, **BROKEN[how])
    for line in ("heal", "deploy --version 0.3", "machine.stop", "net.forward", "machine.remove --yes"):
        ran = sim(f"{line} -H sim", mac)
        assert ran.code == 3, ran.said
        assert "VBoxManage" in ran.err
        assert "Context:" not in ran.err
    assert sim("doctor -H sim", mac).code == 2
    assert "hung" not in sim("doctor -H sim", mac).out
    assert mac.ran == []


def test_a_vboxmanage_that_is_not_there_is_said_with_what_helps(sim: Sim) -> None:
    mac = serving(ssh_says="Permission denied (publickey).", **BROKEN["not installed"])
    ran = sim("machine.start -H sim", mac)
    assert "VBoxManage is not on the PATH: is VirtualBox installed?" in ran.err
    assert "try: install VirtualBox, or have VBoxManage on the PATH" in ran.err


@pytest.mark.parametrize("how", ["20 s a call", "40 s a call"])
def test_a_vm_that_is_off_is_started_though_vboxmanage_is_slow(sim: Sim, how: str) -> None:
    mac = serving(**BROKEN[how])
    mac.power("poweroff")
    assert sim("heal -H sim", mac).code == 0
    assert mac.service
    assert not [line for line in mac.ran if "kill" in line or "poweroff" in line]


def test_a_vm_that_nobody_could_log_into_is_not_called_hung_though_vboxmanage_is_late(sim: Sim) -> None:
    mac = serving(slow=10**6, ssh_says="Permission denied (publickey).")
    ran = sim("fix.hung -H sim", mac)
    assert (ran.code, mac.ran) == (3, []), ran.said
    assert "nobody can say how the VM osprey-service is: VBoxManage does not answer" in ran.err


def test_a_vm_is_called_hung_when_it_and_vboxmanage_were_asked_twice_in_vain(sim: Sim) -> None:
    mac = serving(hung=True)
    assert "VBoxManage does not answer, and neither does the VM" in sim("doctor -H sim", mac).out
    assert sim("fix.hung -H sim", mac).code == 0
    assert "alarm 20; exec @ARGV" in mac.ran[0]
    assert mac.service


def test_a_vm_whose_vboxmanage_hangs_is_powered_off_by_its_own_process_when_that_is_asked_for(sim: Sim) -> None:
    mac = serving(slow=10**6)
    assert sim("machine.kill -H sim", mac).code == 0
    assert "alarm 20; exec @ARGV" in mac.ran[-1]


def hung(*rows: str) -> SimMac:
    """A Mac whose VM and VirtualBox hang, with these processes."""
    return serving(hung=True, calls="".join(f"{row}\n" for row in rows))


@pytest.mark.parametrize(
    "row",
    [
        " 50 50 01:00:00 vim docker-machine.md",
        " 50 50 01:00:00 docker-machine create --driver virtualbox other-vm",
        " 50 50 01:00:00 docker-machine status osprey-service-2",
        " 50 50 01:00:00 VBoxManage controlvm other poweroff",
        " 50 50 01:00:00 tail -f /x/VBoxManage.log",
        " 50 50 01:00:00 perl -e 'alarm 20; exec @ARGV' VBoxManage list vms",
        " 50 50 01:00:00 docker-machine ssh osprey-service",
        " 50 50 01:00:00 docker-machine scp big osprey-service:",
        " 50 50 01:00:00 docker-machine frobnicate osprey-service",
        " 50 50 01:59 docker-machine ls",
        " 50 50 14:59 docker-machine stop osprey-service",
    ],
)
def test_what_is_no_hanging_call_of_that_vm_is_never_ended(sim: Sim, row: str) -> None:
    mac = hung(row, " 41 40 50:00 VBoxManage list vms")
    assert sim("fix.hung -H sim", mac).code == 0
    assert mac.ran[0] == "kill -9 41"
    assert not [line for line in mac.ran if "50" in line.split()]


def test_a_login_and_what_stands_beside_it_is_spared(sim: Sim) -> None:
    login = [" 50 50 01:00:00 docker-machine ssh osprey-service", " 51 50 01:00:00 docker-machine"]
    beside = [" 52 50 01:00:00 VBoxManage showvminfo osprey-service --machinereadable"]
    mac = hung(*login, *beside, " 41 40 50:00 docker-machine ls", " 42 40 50:00 VBoxManage list hostonlyifs")
    assert sim("fix.hung -H sim", mac).code == 0
    assert mac.ran[0] == "kill -9 41 42"


@pytest.mark.parametrize(
    "row",
    [
        " 50 50 02:00 docker-machine start osprey-service",
        " 50 50 10:00 docker-machine -D restart osprey-service",
        " 50 50 01:00 VBoxManage startvm osprey-service --type headless",
        " 50 50 01:00 VBoxManage controlvm osprey-service savestate",
        " 50 50 20:00 docker-machine create --driver virtualbox osprey-service",
    ],
)
def test_a_vm_that_is_just_being_started_or_saved_is_no_dead_one(sim: Sim, row: str) -> None:
    mac = hung(row)
    ran = sim("fix.hung -H sim", mac)
    assert (ran.code, mac.ran) == (3, []), ran.said
    assert "(pid 50, for " in ran.err or "pid 50" in ran.err


def test_the_json_of_a_machine_lists_calls_of_virtualbox_alone(sim: Sim) -> None:
    mine = " 60 60 00:01 perl -e 'use IO::Select' vm 12 VBoxManage showvminfo osprey-service"
    mac = serving(calls=f"{mine}\n 61 61 00:01 docker-machine ls\n")
    told = sim("machine.status --json -H sim", mac).out
    assert "docker-machine ls" in told
    assert "perl" not in told
