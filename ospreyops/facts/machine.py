"""Where Docker runs, as one look tells of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Optional


class State(str, Enum):
    """The state of a machine. HUNG: it could not be asked in time; CHANGING: a state that passes by itself."""

    ABSENT = "absent"
    RUNNING = "running"
    PAUSED = "paused"
    SAVED = "saved"
    STOPPED = "stopped"
    BROKEN = "broken"
    CHANGING = "changing"
    HUNG = "hung"


@dataclass(frozen=True)
class Rule:
    """A port forward of a VM, in VirtualBox's six fields; an empty host_ip means all of the host's addresses."""

    name: str
    proto: str
    host_ip: str
    host_port: int
    guest_ip: str
    guest_port: int

    def __str__(self) -> str:
        return f"{self.name},{self.proto},{self.host_ip},{self.host_port},{self.guest_ip},{self.guest_port}"


@dataclass(frozen=True)
class Process:
    """A process of the VM's owner; group: its process group; age: seconds since its start."""

    pid: int
    group: int
    age: int
    line: str

    def runs(self, pattern: str) -> bool:
        """Its command line has that pattern in it."""
        return bool(re.search(pattern, self.line))


class Trust(str, Enum):
    """Whether the docker command on the host can use the engine in the VM over TLS."""

    ACCEPTED = "accepted"
    REFUSED = "a certificate is refused"
    MOVED = "the certificate is for another address"
    UNFIT = "the docker command is missing, or too new or too old"
    UNREACHABLE = "no answer at that address"


@dataclass(frozen=True)
class Tls:
    """Whether the host's docker command can use the engine in the VM, with its own words if not."""

    trust: Trust
    said: str = ""

    def __str__(self) -> str:
        return self.said or self.trust.value


@dataclass(frozen=True)
class VmFacts:
    """A VM from within and without.

    clock_behind: seconds behind its host, None when it could not be asked.
    address: on the host-only network; None when it has none or could not be asked.
    tls: None when the VM could not be asked.
    steps_clock: the guest's clock will be set, not slewed, when it drifts.
    process: the VM's own; making: what makes the VM just now; calls: all of VirtualBox's and docker-machine's.
    unfinished: a `docker-machine create` of it did not end: nothing is on its disk, which no VM has.
    unregistered: the settings file of a VM that VirtualBox does not know; None where there is none.
    """

    rules: tuple[Rule, ...] = ()
    clock_behind: Optional[float] = None
    disk_free: Optional[int] = None
    address: Optional[str] = None
    tls: Optional[Tls] = None
    steps_clock: bool = False
    process: Optional[Process] = None
    making: Optional[Process] = None
    calls: tuple[Process, ...] = ()
    unfinished: bool = False
    unregistered: Optional[str] = None


@dataclass(frozen=True)
class MachineFacts:
    """Where Docker runs. why: why it cannot be used, None when it can; vm: None where it is the host itself.

    active_port: the port that new connections to the service's port end at; None when nobody can know or move that.
    memory_free: bytes that are available there; taken: the ports for one more container that are taken.
    disk_free: bytes that are free for Docker where it is on the host itself; None when nobody could tell.
    """

    kind: str
    state: State
    why: Optional[str] = None
    vm: Optional[VmFacts] = None
    active_port: Optional[int] = None
    memory_free: Optional[int] = None
    taken: frozenset[int] = frozenset()
    disk_free: Optional[int] = None
