"""The faults of olympias, made for real: what goes wrong, the tool's name for it, and what causes it."""

from __future__ import annotations

import time
from typing import Callable

from tests.lab.olympias.machine import LabVm
from tests.lab.wait import until

RULE = "tcp-port44342,tcp,,44342,,44342"
YEARS = 3 * 365 * 86400
JAVA = "docker top osprey-service -eo pid,args | awk '/server.py/ {print $1}'"
AGE = "echo $(($(date +%s) - $(date -d $(docker inspect -f {{.State.StartedAt}} osprey-service) +%s)))"
OTHERS = "openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /O=other -keyout key.pem -out cert.pem"


def sleep_a_minute(vm: LabVm) -> None:
    """The Mac sleeps, and with it the VM, for longer than a minute."""
    vm.host_suspend()
    paused = time.monotonic()
    until(lambda: time.monotonic() - paused > 61, "a minute's sleep", 70)


def move(vm: LabVm) -> None:
    """DHCP gives the VM another address at its next start."""
    vm.power_off()
    vm.move("192.168.99.107")
    vm.start()


def double_rule(vm: LabVm) -> None:
    vm.control("natpf1", "delete", "tcp-port44342")
    vm.control("natpf1", "other,tcp,,44342,,8080")


def hang_java(vm: LabVm) -> None:
    """Java stands still, in a container that is old enough to have started."""
    until(lambda: float(vm.ssh(AGE)) > 95, "a container that is no new one", 120)
    vm.ssh(f"sudo kill -STOP $({JAVA})")


def freeze(vm: LabVm) -> None:
    """The VM's process stands still, long after it was started: a VM that just boots need not answer."""
    until(lambda: vm.age > 125, "a VM that is not just being started", 130)
    vm.freeze()


FAULTS: dict[str, tuple[str, Callable[[LabVm], object]]] = {
    "java hangs": ("service", hang_java),
    "the clock is 90 s behind": ("clock", lambda vm: vm.set_clock(-90)),
    "the clock is years behind": ("clock", lambda vm: vm.set_clock(-YEARS)),
    "the mac slept": ("paused", sleep_a_minute),
    "the vms process stands still": ("hung", freeze),
    "the vms process was killed": ("stopped", LabVm.kill),
    "docker in the vm was killed": ("docker", lambda vm: vm.ssh("sudo kill -9 $(cat /var/run/docker.pid)")),
    "the rule was deleted": ("forward", lambda vm: vm.control("natpf1", "delete", RULE[:13])),
    "another rule has the port": ("forward", double_rule),
    "other certificates were put in place": ("certs", lambda vm: vm.host.sh(f"cd {vm.store} && {OTHERS}", vm.user)),
    "the container was killed": ("service", lambda vm: vm.ssh("docker kill osprey-service")),
    "the vm has another address": ("address", move),
}

QUICK = ("the clock is 90 s behind", "the rule was deleted", "another rule has the port", "the container was killed")
"""The faults whose repair needs neither a boot of the VM nor a minute's sleep."""
