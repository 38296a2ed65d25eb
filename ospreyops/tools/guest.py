"""The VM, asked from within: its clock, its disk, its address; and whether the host's docker command may use it.

VirtualBox is not asked for that, so the VM tells that it lives while VBoxManage is slow, broken or not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from ..facts.machine import Contact, Record, Tls, Trust
from ..remote.command import Answer, Command, quote
from . import df, docker
from .docker_machine import IPV4, DockerMachine
from .vboxmanage import VBoxManage

LIMIT, CONNECT = 16, 5
AGAIN, CONNECT_AGAIN = 60, 40
"""Seconds for a second question, after the first was in vain."""
OPTIONS = (
    "-F /dev/null -o ConnectTimeout={connect} -o ControlPath=none -o LogLevel=ERROR -o PasswordAuthentication=no"
    " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes -o ServerAliveInterval=10"
)
ASK = "df -Pk /var/lib/docker | tail -n 1; ip -4 -o addr; {room}; date +%s"
"""What the VM is asked; its clock comes last, and the host's right after it."""
ADAPTER = "eth1"
"""The adapter of the host-only network in boot2docker; docker0 and other bridges may be in any network."""
SSH_FAILED = 255
"""What ssh exits with when it did not come to run the line."""
SILENT = re.compile("refused|timed out|reset|closed by|banner exchange|no route|host is down", re.IGNORECASE)
"""Words of ssh for a VM that does not answer; any other failure says nothing of the VM."""
ENDED = "ssh ended with"
ASKED = re.compile(rf"^asked at port [0-9]+(?:\n(.*)\n{ENDED} ([0-9]{{1,3}})$)?", re.MULTILINE | re.DOTALL)
"""What the question prints around what the VM says."""


@dataclass(frozen=True)
class Guest:
    """What the VM says of itself; None for what it could not be asked. lives: it answered, by ssh or over TLS."""

    contact: Contact
    lives: bool
    clock_behind: Optional[float]
    disk_free: Optional[int]
    address: Optional[str]
    tls: Optional[Tls]


def inside(line: str, machine: DockerMachine, vbox: VBoxManage, prefix: str = "") -> str:
    """A line that runs in the VM, past docker-machine and, where its SSH port is known, past VirtualBox."""
    return f"{_port(machine, vbox)}; {_ssh(line, machine, CONNECT, prefix)}"


def _port(machine: DockerMachine, vbox: VBoxManage) -> str:
    """Find the VM's SSH port: docker-machine's record of it, else the rule that docker-machine made."""
    rule = "sed -n 's/^Forwarding([0-9]*)=\"ssh,tcp,[^,]*,\\([0-9]*\\),.*/\\1/p'"
    return f"p=$({machine.remembered('SSHPort')}); [ ${{p:-0}} != 0 ] || p=$({vbox.show().line} | {rule})"


def _ssh(line: str, machine: DockerMachine, connect: int, prefix: str = "") -> str:
    options = OPTIONS.format(connect=connect)
    known = ": ${p:?the SSH port of the VM is not known}"
    return f"{known}; {prefix}ssh {options} -i {machine.folder}/id_rsa -p $p docker@127.0.0.1 {quote(line)}"


def question(room: str, machine: DockerMachine, vbox: VBoxManage, *, again: bool = False) -> Command:
    """Ask the VM, then the engine in it over TLS, as the start script does.

    again: with more patience; where ssh does not come to the VM, the engine is asked at the address that it had last.
    """
    asked = _ssh(ASK.format(room=room), machine, CONNECT_AGAIN if again else CONNECT)
    own = f"echo \"$g\" | sed -n 's|.*{ADAPTER} *inet \\([0-9.]*\\)/.*|\\1|p'"
    known = machine.remembered("IPAddress")
    parts = [
        _port(machine, vbox),
        f'echo "asked at port ${{p:-0}}"; g=$({asked}); e=$?; echo "$g"; date +%s',
        f'echo "{ENDED} $e"; echo "{ENDED} $e" >&2',
        f'a=$({own}); r=$({known}); echo "$a" | grep -qxF "$r" && a=$r; a=$(echo "$a" | tail -n 1)',
        *(["a=${a:-$r}"] if again else []),
        f'[ -z "$a" ] || {machine.engine("$a")} {docker.version()}',
    ]
    return Command("; ".join(parts), AGAIN if again else LIMIT)


def guest(answer: Answer, record: Optional[Record]) -> Guest:
    """What the question printed."""
    contact = _contact(answer)
    clock = re.search(r"^([0-9]{9,11})\n([0-9]{9,11})$", answer.out, re.MULTILINE)
    addresses = re.findall(rf"\b{ADAPTER}[ \t]+inet ({IPV4.pattern})/", answer.out)
    known = record.address if record else None
    address = known if known in addresses else next(iter(reversed(addresses)), None)
    last = (answer.said.splitlines() or ["it said nothing"])[-1]
    trust = Tls(Trust.ACCEPTED) if answer.ok else docker.tls(last)
    return Guest(
        contact,
        contact is Contact.ANSWERED or _engine_lives(answer, trust),
        float(clock[2]) - float(clock[1]) if clock else None,
        df.free(answer.out),
        address,
        trust if address else None,
    )


def _contact(answer: Answer) -> Contact:
    """What ssh came to."""
    asked = ASKED.search(answer.out)
    if not asked or (asked[2] is None and not answer.late):
        return Contact.UNASKED
    if asked[2] is None:
        return Contact.SILENT
    if int(asked[2]) != SSH_FAILED:
        own_lines = asked[1].split()[:-1]  # the last one is the host's clock
        return Contact.ANSWERED if own_lines else Contact.UNASKED
    words = answer.err.partition(ENDED)[0]
    return Contact.SILENT if SILENT.search(words) else Contact.UNASKED


def _engine_lives(answer: Answer, trust: Tls) -> bool:
    """The engine answered over TLS, even if the two do not trust each other."""
    if answer.ok:
        return bool(re.search(rf"^{ENDED} [0-9]+\n\S", answer.out, re.MULTILINE))
    return trust.trust in (Trust.REFUSED, Trust.MOVED) and "no such file" not in trust.said
