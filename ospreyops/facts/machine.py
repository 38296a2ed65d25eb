"""Where Docker runs, as one look tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional

from .route import Route


class State(str, Enum):
    """The state of a machine. CHANGING: a state that passes by itself.

    HUNG: neither VirtualBox nor the VM answered, though they were asked twice. UNKNOWN: it could not be asked.
    """

    ABSENT = "absent"
    RUNNING = "running"
    PAUSED = "paused"
    SAVED = "saved"
    ABORTED_SAVED = "aborted-saved"
    STOPPED = "stopped"
    BROKEN = "broken"
    CHANGING = "changing"
    HUNG = "hung"
    UNKNOWN = "unknown"


RESTING = frozenset({State.ABSENT, State.STOPPED, State.SAVED, State.ABORTED_SAVED})
"""The states of a VM that has no process."""


class Reply(str, Enum):
    """How VBoxManage replied. Only LATE may mean that it hangs; STRANGE: with words that nobody knows."""

    ANSWERED = "answered"
    LATE = "did not answer in time"
    FAILED = "failed at once"
    STRANGE = "said something unknown"
    MISSING = "is not there"


class Contact(str, Enum):
    """What asking the VM by ssh, past VirtualBox, came to. UNASKED: the question did not come to the VM."""

    ANSWERED = "answered"
    SILENT = "silent"
    UNASKED = "not asked"


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

    @property
    def program(self) -> str:
        """The name of the program that runs; what else its command line says does not count."""
        return (self.line.split() or [""])[0].rpartition("/")[2]

    @property
    def words(self) -> list[str]:
        """What the program was told."""
        return self.line.split()[1:]


class Trust(str, Enum):
    """Whether the docker command on the host can use the engine in the VM over TLS."""

    ACCEPTED = "accepted"
    REFUSED = "a certificate is refused"
    MOVED = "the certificate is for another address"
    UNFIT = "the docker command is missing, or too new or too old"
    UNREACHABLE = "no answer at that address"
    UNKNOWN = "the docker command said something unknown"


@dataclass(frozen=True)
class Tls:
    """Whether the host's docker command can use the engine in the VM, with its own words if not."""

    trust: Trust
    said: str = ""

    def __str__(self) -> str:
        return self.said or self.trust.value


@dataclass(frozen=True)
class Record:
    """What docker-machine's config.json has of the VM. ssh_port: 0 when its making did not come so far.

    address: the last one that docker-machine knew; None when it knew none.
    """

    ssh_port: int = 0
    address: Optional[str] = None


@dataclass(frozen=True)
class VmFacts:
    """A VM from within and without.

    reply: of VBoxManage; contact: of the VM itself. rules: None when VBoxManage could not be asked.
    clock_behind: seconds behind its host, None when it could not be asked.
    address: on the host-only network; None when it has none or could not be asked.
    tls: None when the VM could not be asked.
    process: the VM's own; making: what makes the VM just now; calls: all of VirtualBox's and docker-machine's.
    record: docker-machine's of the VM; None when there is none that can be read. files: docker-machine has its folder.
    other_ca: the client's certificate in docker-machine's store is not of its CA, or the time of one is over.
    unfinished: a `docker-machine create` of it did not end: nothing is on its disk, which no VM has.
    unregistered: the settings file, or what is left of it, of a VM that VirtualBox does not know; None without one.
    """

    rules: Optional[tuple[Rule, ...]] = ()
    clock_behind: Optional[float] = None
    disk_free: Optional[int] = None
    address: Optional[str] = None
    tls: Optional[Tls] = None
    process: Optional[Process] = None
    making: Optional[Process] = None
    calls: tuple[Process, ...] = ()
    unfinished: bool = False
    unregistered: Optional[str] = None
    reply: Reply = Reply.ANSWERED
    contact: Contact = Contact.UNASKED
    record: Optional[Record] = None
    files: bool = False
    other_ca: bool = False


@dataclass(frozen=True)
class MachineFacts:
    """Where Docker runs. why: why it cannot be used, None when it can; vm: None where it is the host itself.

    unasked: why VirtualBox could not be asked, though the VM answered; None when it could.
    active_port: the port that new connections to the service's port end at; None when nobody can know or move that.
    memory_free: bytes that are available there; taken: the ports for one more container that are taken.
    disk_free: bytes that are free for Docker where it is on the host itself; None when nobody could tell.
    routes: what leads new connections there, for each family of addresses that could be asked.
    """

    kind: str
    state: State
    why: Optional[str] = None
    vm: Optional[VmFacts] = None
    active_port: Optional[int] = None
    memory_free: Optional[int] = None
    taken: frozenset[int] = frozenset()
    unasked: Optional[str] = None
    disk_free: Optional[int] = None
    routes: tuple[Route, ...] = ()
