"""What VBoxManage, a port of olympias and `inv --list` say to a test that asks."""

from __future__ import annotations

import json
import socket
from typing import Optional

from tests.conftest import Inv
from tests.lab.olympias import network
from tests.lab.olympias.machine import LabVm


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


def listed(inv: Inv) -> list[str]:
    """The tasks that `inv --list` shows."""
    root = json.loads(inv("--list", "--list-format", "json").out)
    inner = [f"{space['name']}.{task['name']}" for space in root["collections"] for task in space["tasks"]]
    return sorted([*(task["name"] for task in root["tasks"]), *inner])
