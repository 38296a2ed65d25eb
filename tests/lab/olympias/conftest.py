"""olympias for the tests: one for all of them, with a VM that runs and one that is off."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Optional

import pytest

from tests.lab.olympias import network
from tests.lab.olympias.host import Olympias
from tests.lab.olympias.machine import LabVm

RULE = "tcp-port44342,tcp,,44342,,44342"
SSH_RULE = "guest-ssh,tcp,,2222,,22"


@pytest.fixture(scope="package")
def mac() -> Iterator[Olympias]:
    """olympias, without VMs."""
    host = Olympias.start()
    yield host
    host.stop()


@pytest.fixture(scope="package")
def booted(mac: Olympias) -> LabVm:
    """The VM, running."""
    vm = mac.vm()
    vm.provide()
    vm.start()
    return vm


@pytest.fixture
def vm(booted: LabVm) -> LabVm:
    """The VM, running or running again."""
    if booted.state != "running":
        booted.start()
    return booted


@pytest.fixture(scope="package")
def off(mac: Olympias) -> LabVm:
    """Another user's VM, which was never started."""
    vm = mac.vm("dev", user="ops")
    vm.create(memory=512, cpus=1)
    return vm


def fails(vm: LabVm, *words: str) -> list[str]:
    """The lines of a VBoxManage that fails with status 1, without their common start."""
    done = vm.host.vboxmanage(*words, user=vm.user)
    assert (done.returncode, done.stdout) == (1, ""), done
    lines = done.stderr.splitlines()
    assert all(line.startswith("VBoxManage: error: ") for line in lines)
    return [line[len("VBoxManage: error: ") :] for line in lines]


def banner(port: int, limit: float = 3) -> Optional[bytes]:
    """What a port of olympias says to the workstation: None if it refuses, nothing if it stays silent."""
    try:
        with socket.create_connection((network.ADDRESS, port), timeout=limit) as connection:
            return connection.recv(4)
    except ConnectionRefusedError:
        return None
    except socket.timeout:
        return b""


def forwards(vm: LabVm) -> list[str]:
    """The VM's NAT rules, as showvminfo lists them."""
    return [value for key, value in vm.info.items() if key.startswith("Forwarding(")]
