"""VBoxManage is slow, broken or not there on olympias: what serves and computes there is not touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Callable

import pytest

from tests.conftest import Inv
from tests.lab.olympias.faults import freeze
from tests.lab.olympias.host import Olympias
from tests.lab.olympias.machine import LabVm

WORDS = 'Kein VirtualBox-Objekt\nContext: "LockMachine(a->session)" at line 1 of file X.cpp'
JOB = "sander"
COMPUTES = f"docker exec -d osprey-service /opt/ambertools/bin/{JOB} 3000"
HOW: dict[str, Callable[[Olympias], object]] = {
    "5 s a call": lambda mac: mac.slow_vboxmanage(5),
    "13 s a call": lambda mac: mac.slow_vboxmanage(13),
    "20 s a call": lambda mac: mac.slow_vboxmanage(20),
    "40 s a call": lambda mac: mac.slow_vboxmanage(40),
    "unknown words": lambda mac: mac.fail_vboxmanage(WORDS),
    "absent": Olympias.take_vboxmanage_away,
    "hung": Olympias.hang_vboxmanage,
}
"""How VBoxManage is, while the VM lives."""


@pytest.fixture
def broken(awake: LabVm) -> Iterator[LabVm]:
    """The VM with a healthy service in it, where VBoxManage is mended afterwards."""
    yield awake
    awake.host.mend_vboxmanage()


def container(vm: LabVm) -> str:
    """The service's container, by the VM itself."""
    return vm.ssh("docker inspect -f {{.Id}} osprey-service").strip()


@pytest.mark.parametrize("how", HOW)
def test_a_service_that_computes_lives_on_and_is_healthy_however_vboxmanage_is(
    inv: Inv, broken: LabVm, how: str
) -> None:
    broken.ssh(COMPUTES)
    before, pid = container(broken), broken.pid
    HOW[how](broken.host)
    for task in ("heal", "fix.hung", "doctor", "status"):
        ran = inv(task, "-H", "olympias", limit=200)
        assert ran.code == 0, ran.said
    assert "nothing to do" in inv("deploy", "--version", "0.3", "-H", "olympias", limit=200).out
    assert (container(broken), broken.pid) == (before, pid)
    assert JOB in broken.ssh("docker top osprey-service -eo pid,args")


def test_a_vm_that_is_dead_while_vboxmanage_hangs_is_ended_and_serves_again(inv: Inv, broken: LabVm) -> None:
    freeze(broken)
    found = inv("doctor", "-H", "olympias", limit=200)
    assert "VBoxManage does not answer, and neither does the VM" in found.out, found.said
    ran = inv("fix.hung", "-H", "olympias", limit=600)
    assert ran.code == 0, ran.said
    assert inv("net.check", "-H", "olympias").code == 0


def test_a_login_and_calls_of_others_live_on_while_calls_that_hang_are_seen(inv: Inv, broken: LabVm) -> None:
    with broken.host.running("docker-machine", "ssh", broken.name, "sleep 600") as login:
        listed = json.loads(inv("machine.status", "--json", "-H", "olympias").out)["vm"]["calls"]
        groups = [call["group"] for call in listed if call["line"].split() == ["docker-machine"]]
        assert any(call["group"] in groups and "ssh" in call["line"] for call in listed), listed
        assert not [call for call in listed if "perl" in call["line"]]
        assert login.poll() is None


def test_a_start_whose_ssh_port_is_taken_finds_another(inv: Inv, broken: LabVm) -> None:
    config = broken.store / "config.json"
    port = json.loads(broken.host.sh(f"cat {config}"))["Driver"]["SSHPort"]
    broken.power_off()
    listen = (
        f"my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => {port}, Listen => 1, ReuseAddr => 1)"
        " or die; sleep 900"
    )
    with broken.host.running("perl", "-MIO::Socket::INET", "-e", listen):
        ran = inv("heal", "-H", "olympias", limit=900)
        assert ran.code == 0, ran.said
        assert json.loads(broken.host.sh(f"cat {config}"))["Driver"]["SSHPort"] not in (0, port)
