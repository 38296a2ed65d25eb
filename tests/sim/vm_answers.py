"""What VBoxManage, the VM and docker-machine's files say of a simulated Mac."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ospreyops.remote.command import Answer
from tests.sim.answers import EPOCH, room

if TYPE_CHECKING:
    from tests.sim.mac import SimMac

ABSENT = "VBoxManage: error: Could not find a registered machine named 'osprey-service'"
STORE = "/Users/jmartin/.docker/machine/machines/osprey-service"


def vboxmanage(mac: SimMac, limit: float) -> Answer:
    """What `VBoxManage showvminfo` comes to within its limit."""
    if mac.hung or mac.slow > limit:
        return Answer(-1, late=True)
    if mac.vbox:
        return mac.vbox
    if not mac.vm:
        return Answer(1, "", ABSENT)
    rules = "".join(f'Forwarding({number})="{rule}"\n' for number, rule in enumerate(mac.rules))
    disk = "" if mac.store else '"SATA-1-0"="/Users/jmartin/disk.vmdk"\n'
    return Answer(0, f'name="osprey-service"\nVMState="{mac.vm}"\n{disk}{rules}')


def guest(mac: SimMac, limit: float) -> Answer:
    """What asking the VM by ssh comes to, and then Docker in it over TLS."""
    host_clock = f"{EPOCH + mac.now:.0f}"
    port = mac.ssh_port or (0 if mac.slow > limit or mac.vbox or mac.hung else 50022)
    if not port:
        return Answer(2, f"asked at port 0\n\n{host_clock}\nssh ended with 2\n", "p: not known\nssh ended with 2\n")
    if mac.vm != "running" or mac.hung or mac.ssh_says:
        said = mac.ssh_says or f"ssh: connect to host 127.0.0.1 port {port}: Connection refused"
        out = f"asked at port {port}\n\n{host_clock}\nssh ended with 255\n"
        return Answer(0, out, f"{said}\nssh ended with 255\n")
    clock = f"{EPOCH + mac.now - mac.clock_behind:.0f}"
    disk = f"/dev/sda1 19000000 1000000 {mac.disk_free // 1024} 6% /mnt/sda1\n"
    engine = "" if mac.tls or "eth1" not in mac.addresses else "20.10.24\n"
    own = f"asked at port {port}\n{disk}{mac.addresses}{room(mac)}{clock}\n{host_clock}\nssh ended with 0\n"
    return Answer(1 if mac.tls else 0, own + engine, f"ssh ended with 0\n{mac.tls}")


def store(mac: SimMac) -> Answer:
    """What docker-machine has of the VM."""
    driver = {"Driver": {"SSHPort": mac.ssh_port, "IPAddress": mac.known_address}}
    config = f"{json.dumps(driver)}\n" if mac.config else ""
    other = "another CA:\n" if mac.other_ca else ""
    settings = f"{STORE}/osprey-service/osprey-service.vbox"
    whole = f"{STORE}\n3000000\t./disk.vmdk\n{settings}\n{other}config.json:\n{config}"
    return Answer(0, mac.store or (whole if mac.vm else ""))
