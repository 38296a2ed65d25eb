"""Every known fault, made for real on olympias: the doctor names it, its task repairs it, and the service is back."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Inv
from tests.lab.hosts import Releases
from tests.lab.olympias.faults import FAULTS
from tests.lab.olympias.machine import LabVm
from tests.lab.wait import until

HARMLESS = ("clock", "paused", "forward")
SLOW = ("java hangs", "the mac slept", "the vm has another address", "the vms process stands still")
"""Those that take a minute and more to be there, or to be sure of."""
LISTEN = "my $s = IO::Socket::INET->new(LocalPort => 44342, Listen => 1, ReuseAddr => 1) or die; sleep 600"
TIMEOUT = {"INVOKE_OSPREY_HEALTH_TIMEOUT": "90"}
FREE = "df -Pk /var/lib/docker | tail -n 1 | awk '{print $4}'"


def param(fault: str) -> object:
    marks = [pytest.mark.reliability] if fault in SLOW else []
    return pytest.param(fault, marks=marks, id=fault.replace(" ", "_"))


@pytest.mark.parametrize("fault", [param(fault) for fault in FAULTS])
def test_a_fault_is_detected_and_repaired_once_and_no_job_that_could_live_is_cut(
    inv: Inv, deployed: LabVm, fault: str
) -> None:
    name, make = FAULTS[fault]
    if name in HARMLESS:
        deployed.ssh("docker exec -d osprey-service sleep 1000")
    make(deployed)
    inv = Inv({**inv.env, **TIMEOUT})
    found = inv("doctor", "-H", "olympias")
    assert re.search(rf"✗ {name} ", found.out), found.said
    yes = ["--yes"] if f"inv fix.{name} --yes" in found.out else []
    repaired = inv(f"fix.{name}", *yes, "-H", "olympias", limit=500)
    assert repaired.code == 0, repaired.said
    again = inv(f"fix.{name}", "-H", "olympias", "net.check")
    assert again.code == 0, again.said
    assert "nothing to do" in again.out
    if name in HARMLESS:
        assert "sleep 1000" in deployed.ssh("docker top osprey-service -eo pid,args")


def test_a_foreign_listener_on_the_port_is_named_and_lives_on(inv: Inv, deployed: LabVm) -> None:
    deployed.control("natpf1", "delete", "tcp-port44342")
    with deployed.host.running("perl", "-MIO::Socket::INET", "-e", LISTEN) as listener:
        until(lambda: "perl" in deployed.host.sh("lsof -nP -iTCP:44342 -sTCP:LISTEN", check=False), "a listener", 10)
        for task in ("fix.port", "net.forward", "heal"):
            ran = inv(task, "-H", "olympias")
            assert ran.code == 3, ran.said
            assert "port 44342 of olympias is taken by perl (pid" in ran.err
        assert listener.poll() is None
    healed = inv("heal", "-H", "olympias", "net.check")
    assert healed.code == 0, healed.said


def test_the_mac_is_kept_awake_only_with_yes(inv: Inv, deployed: LabVm) -> None:
    as_ops = ("-H", "ops@olympias.cs.duke.edu")
    inv = Inv({**inv.env, "INVOKE_OSPREY_MACHINE": "virtualbox", "INVOKE_OSPREY_OWNER": deployed.user})
    assert "goes to sleep after 1 minute" in inv("doctor", *as_ops).out
    assert inv("fix.sleep", *as_ops).code == 1
    assert inv("fix.sleep", "--yes", *as_ops).code == 0
    assert "nothing to do" in inv("fix.sleep", *as_ops).out
    assert inv("doctor", *as_ops).code == 0


def test_a_full_disk_is_cleared_of_old_images_of_ours_alone(inv: Inv, deployed: LabVm, releases: Releases) -> None:
    for version in ("0.1", "0.2"):
        loaded = inv("image.load", "--version", version, "--from", str(releases(version)), "-H", "olympias")
        assert loaded.code == 0, loaded.said
    deployed.ssh("echo 'FROM osprey/service:0.1' | docker build -q --label by=hand -t osprey/service:0.0 -")
    deployed.ssh(f"f=$({FREE}); sudo fallocate -l $((f - 500000))k /var/lib/docker/big")
    assert "the disk of the VM is nearly full" in inv("doctor", "-H", "olympias").out
    ran = inv("fix.disk", "-H", "olympias")
    assert ran.code == 3, ran.said
    assert "see what else is big" in ran.err
    left = deployed.ssh("docker image ls --format {{.Tag}} osprey/service").split()
    assert sorted(left) == ["0.0", "0.2", "0.3"]
    assert "osprey/service:0.0 stays: this tool did not load it" in ran.said
    deployed.ssh("sudo rm /var/lib/docker/big")
    assert "nothing to do" in inv("fix.disk", "-H", "olympias").out
