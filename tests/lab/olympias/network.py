"""olympias' network namespace: a cable to the workstation, and the host-only network of its virtual machines."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

NUMBER = int(os.environ.get("OLYMPIAS", "0"))
"""Which olympias of this machine it is; those of other numbers run beside it."""
NAME = "olympias"
SPACE = f"{NAME}-{NUMBER}" if NUMBER else NAME
WORKSTATION, ADDRESS = f"10.77.{NUMBER}.1", f"10.77.{NUMBER}.2"
CABLE = f"ws-{SPACE}"
HOSTONLY, HOSTONLY_ADDRESS = "vboxnet0", "192.168.99.1"
STAFF = 20
TAPS = 4
NAMESPACE = Path("/run/netns") / SPACE


def make() -> None:
    """Make the namespace, its cable, and a bridge with a tap device for each VM that may run at a time."""
    _ip("netns", "add", SPACE)
    _ip("link", "add", CABLE, "type", "veth", "peer", "name", "en0", "netns", SPACE)
    _ip("address", "add", f"{WORKSTATION}/24", "dev", CABLE)
    _ip("link", "set", CABLE, "up")
    _ip("-n", SPACE, "link", "set", "lo", "up")
    _ip("-n", SPACE, "address", "add", f"{ADDRESS}/24", "dev", "en0")
    _ip("-n", SPACE, "link", "set", "en0", "up")
    _ip("-n", SPACE, "link", "add", HOSTONLY, "type", "bridge", "forward_delay", "0")
    _ip("-n", SPACE, "address", "add", f"{HOSTONLY_ADDRESS}/24", "dev", HOSTONLY)
    _ip("-n", SPACE, "link", "set", HOSTONLY, "up")
    for number in range(TAPS):
        tap = f"vboxtap{number}"
        _ip("-n", SPACE, "tuntap", "add", "dev", tap, "mode", "tap", "group", str(STAFF))
        _ip("-n", SPACE, "link", "set", tap, "master", HOSTONLY, "up")


def processes() -> list[int]:
    """Whatever runs in the namespace; all of it is the lab's."""
    if not NAMESPACE.exists():
        return []
    done = subprocess.run(["ip", "netns", "pids", SPACE], capture_output=True, text=True, check=False)
    return [int(pid) for pid in done.stdout.split()]


def remove() -> None:
    """Take the namespace away, and with it its devices and the cable."""
    if NAMESPACE.exists():
        _ip("netns", "delete", SPACE)
    subprocess.run(["ip", "link", "delete", CABLE], capture_output=True, check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)
