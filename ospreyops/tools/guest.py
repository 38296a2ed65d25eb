"""The VM, asked from within: its clock, its disk, its address; and whether the host's docker command may use it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from ..facts.machine import Tls, Trust
from ..remote.command import Answer, Command, quote
from . import df, docker
from .docker_machine import DockerMachine
from .vboxmanage import VBoxManage

LIMIT = 16
OPTIONS = (
    "-F /dev/null -o ConnectTimeout=5 -o ControlPath=none -o LogLevel=ERROR -o PasswordAuthentication=no"
    " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes -o ServerAliveInterval=10"
)
ASK = "df -Pk /var/lib/docker | tail -n 1; ip -4 -o addr; {room}; date +%s"
"""What the VM is asked; its clock comes last, and the host's right after it."""


@dataclass(frozen=True)
class Guest:
    """What the VM says of itself; None for what it could not be asked."""

    clock_behind: Optional[float]
    disk_free: Optional[int]
    address: Optional[str]
    tls: Optional[Tls]


def inside(line: str, machine: DockerMachine, vbox: VBoxManage, prefix: str = "") -> str:
    """A line that runs in the VM, through the rule that docker-machine made for its own ssh."""
    port = "sed -n 's/^Forwarding([0-9]*)=\"ssh,tcp,[^,]*,\\([0-9]*\\),.*/\\1/p'"
    ssh = f"{prefix}ssh {OPTIONS} -i {machine.folder}/id_rsa -p ${{p:-1}} docker@127.0.0.1 {quote(line)}"
    return f"p=$({vbox.show().line} | {port}); {ssh}"


def question(room: str, machine: DockerMachine, vbox: VBoxManage) -> Command:
    """Ask the VM, then the engine in it over TLS, as the start script does."""
    asked = inside(ASK.format(room=room), machine, vbox)
    address = "sed -n 's|.*inet \\(192[.]168[0-9.]*\\)/.*|\\1|p' | tail -n 1"
    version = f"{machine.engine('$a')} {docker.version()}"
    return Command(f'g=$({asked}); echo "$g"; date +%s; a=$(echo "$g" | {address}); [ -z "$a" ] || {version}', LIMIT)


def guest(answer: Answer) -> Guest:
    """What the question printed."""
    clock = re.search(r"^(\d{9,11})\n(\d{9,11})$", answer.out, re.MULTILINE)
    addresses = re.findall(r"inet (192\.168\.[0-9.]+)/", answer.out)
    last = (answer.said.splitlines() or ["it said nothing"])[-1]
    trust = Tls(Trust.ACCEPTED) if answer.ok else docker.tls(last)
    return Guest(
        float(clock[2]) - float(clock[1]) if clock else None,
        df.free(answer.out),
        addresses[-1] if addresses else None,
        trust if addresses else None,
    )
