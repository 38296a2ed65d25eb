"""What one look tells of a host: frozen data, nothing else.

None means "could not be asked" or "does not apply", as said where it is declared. Sizes are bytes, times epoch seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Optional

from .containers import Container, EngineFacts


@dataclass(frozen=True)
class Unit:
    """The systemd unit `osprey` that the release's install.sh makes (Restart=always)."""

    state: str
    path: str
    folder: str
    version: str

    @property
    def active(self) -> bool:
        """Systemd runs the service, or tries to."""
        return self.state in ("active", "activating", "reloading", "deactivating")


@dataclass(frozen=True)
class Wanted:
    """Which release a host is meant to run, since when (ISO 8601), and who said so."""

    version: str
    since: str = ""
    by: str = ""


@dataclass(frozen=True)
class HostFacts:
    """The host itself.

    unpacked: version -> the folder that its release lies unpacked in.
    archives: version -> the release archive on the host, and its size.
    listener: what listens on the service's port, as the host names it; "" when nothing does.
    ended: exit status of the start script that ended last, None while each runs or when none was started.
    logs: file -> bytes, of what the start scripts print; log_tail: the last lines of the newest.
    wanted: the release that it is meant to run, None when none is; healthy: those that were healthy here, newest last.
    loading: those whose load into Docker was begun, and did not end as far as is known.
    sleeps_after: minutes of idleness after which it goes to sleep, 0 when it does not.
    """

    name: str
    user: str
    system: str
    home: str
    folder: str
    now: float
    disk_free: Optional[int] = None
    tools: frozenset[str] = frozenset()
    writable: bool = True
    unpacked: Mapping[str, str] = field(default_factory=dict)
    archives: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    unit: Optional[Unit] = None
    listener: str = ""
    ended: Optional[int] = None
    wanted: Optional[Wanted] = None
    healthy: tuple[str, ...] = ()
    loading: frozenset[str] = frozenset()
    sleeps_after: int = 0
    logs: Mapping[str, int] = field(default_factory=dict)
    log_tail: str = ""

    def place(self, version: str) -> str:
        """The folder of its own that a release is unpacked into."""
        return f"{self.folder}/{version}"

    def script_folder(self, version: str) -> str:
        """The folder of the start script for that version: of its own release, else of another, for all are alike."""
        if version in self.unpacked or version in self.archives or not self.unpacked:
            return self.unpacked.get(version, self.place(version))
        return next(iter(self.unpacked.values()))


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


@dataclass(frozen=True)
class VmFacts:
    """A VM from within and without.

    clock_behind: seconds behind its host, None when it could not be asked.
    address: on the host-only network, "" when it has none or could not be asked.
    tls: why Docker on the host cannot use the engine over TLS, "" when it can, None when the VM could not be asked.
    steps_clock: the guest's clock will be set, not slewed, when it drifts.
    process: the VM's own; making: what makes it just now; calls: all of VirtualBox's and docker-machine's.
    unfinished: a `docker-machine create` of it did not end: nothing is on its disk, which no VM has.
    unregistered: the settings file of a VM that VirtualBox does not know, "" where there is none.
    """

    rules: tuple[Rule, ...] = ()
    clock_behind: Optional[float] = None
    disk_free: Optional[int] = None
    address: str = ""
    tls: Optional[str] = None
    steps_clock: bool = False
    process: Optional[Process] = None
    making: Optional[Process] = None
    calls: tuple[Process, ...] = ()
    unfinished: bool = False
    unregistered: str = ""


@dataclass(frozen=True)
class MachineFacts:
    """Where Docker runs. why: what is the case when it cannot be used; vm: None where it is the host itself.

    way_in: the port that new connections to the service's port end at, None when that cannot be known, or moved.
    memory_free: bytes that are available there; taken: ports for one more container that something has already.
    """

    kind: str
    state: State
    why: str = ""
    vm: Optional[VmFacts] = None
    way_in: Optional[int] = None
    memory_free: Optional[int] = None
    taken: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Seen:
    """How the service looks from one place.

    about: the proxy's text at /about, None when it did not answer; error: why not.
    desktop: protocol version -> "" when OSPREY Desktop would be content three times in a row, else what is wrong.
    expires: of the certificate.
    """

    where: str
    about: Optional[str] = None
    error: str = ""
    desktop: Mapping[str, str] = field(default_factory=dict)
    issuer: str = ""
    expires: Optional[float] = None

    def problem(self, version: str) -> str:
        """Why OSPREY Desktop of that version would not be content from here; "" if it would."""
        if self.about is None:
            return f"{self.where} does not answer: {self.error}"
        if version not in self.desktop:
            return f"{self.where} does not know v{version}: {self.about.strip()!r}"
        if self.desktop[version]:
            return f"{self.where}/v{version}/about: {self.desktop[version]}"
        return ""

    def unready(self, version: str) -> str:
        """Why OSPREY Desktop of that version, or of another that the release is for, would not be content; or ""."""
        return next(filter(None, map(self.problem, (version, *self.desktop))), "")


@dataclass(frozen=True)
class Facts:
    """All that one look tells. engine: None when it could not be asked, engine_why says why.

    local: the service as seen on the host; public: from the workstation, None when that is not asked for.
    own: the container `osprey-service` at a port of its own, None where it is the one that users reach.
    """

    host: HostFacts
    machine: MachineFacts
    engine: Optional[EngineFacts]
    local: Seen
    public: Optional[Seen] = None
    engine_why: str = ""
    own: Optional[Seen] = None

    @property
    def sudo(self) -> bool:
        """Only root may reach the engine."""
        return bool(self.engine and self.engine.sudo)

    @property
    def serving(self) -> Optional[Container]:
        """The container that users reach; the one with the service's name where none is behind the way in."""
        if not self.engine:
            return None
        behind = [one for one in self.engine.containers if one.running and one.port == self.machine.way_in]
        return behind[0] if behind and self.machine.way_in else self.engine.service

    @property
    def state(self) -> str:
        """The service in a clause."""
        if not self.engine:
            return f"Docker does not answer: {self.engine_why}"
        service = self.serving
        if not service or not service.running:
            return f"no service runs{f': the container is {service.state}' if service else ''}"
        problem = self.problem(service.version)
        return f"{service.image} runs, " + (f"but {problem}" if problem else "healthy")

    def problem(self, version: str) -> str:
        """Why the service of that version is not healthy; "" when every asker is content."""
        for seen in (self.local, self.public):
            if seen and (problem := seen.unready(version)):
                return problem
        return ""
