"""What one look tells of a host: frozen data, nothing else.

None means "could not be asked" or "does not apply", as said where it is declared. Sizes are bytes, times epoch seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Optional


@dataclass(frozen=True)
class Answer:
    """What a shell line said. late: it was ended, because it ran past its limit."""

    code: int
    out: str = ""
    err: str = ""
    late: bool = False

    @property
    def ok(self) -> bool:
        """The line exited with 0, in time."""
        return self.code == 0 and not self.late

    @property
    def said(self) -> str:
        """Its last words: standard error if there is any, else standard output."""
        return (self.err.strip() or self.out.strip()) if not self.late else "it did not end in time"


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
    ended: exit status of the last start script, None while it runs or when none was started.
    wanted: the release that it is meant to run, None when none is; healthy: those that were healthy here, newest last.
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
    sleeps_after: int = 0
    log_size: int = 0
    log_tail: str = ""

    @property
    def log(self) -> str:
        """Where the start script's standard output and standard error go."""
        return f"{self.folder}/osprey-service.log"

    @property
    def end(self) -> str:
        """Where the start script's exit status is left."""
        return f"{self.folder}/osprey-service.ended"

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
    process: the VM's own; calls: all of VirtualBox's and docker-machine's.
    """

    rules: tuple[Rule, ...] = ()
    clock_behind: Optional[float] = None
    disk_free: Optional[int] = None
    address: str = ""
    tls: Optional[str] = None
    steps_clock: bool = False
    process: Optional[Process] = None
    calls: tuple[Process, ...] = ()


@dataclass(frozen=True)
class MachineFacts:
    """Where Docker runs. why: what is the case when it cannot be used; vm: None where it is the host itself."""

    kind: str
    state: State
    why: str = ""
    vm: Optional[VmFacts] = None


@dataclass(frozen=True)
class Image:
    """An image of the service in Docker; digest: its content-addressed id, `sha256:…`."""

    name: str
    digest: str
    created: int
    size: int
    versions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Container:
    """The container `osprey-service`; state: Docker's word (running, created, exited, paused …).

    jobs: names of the computations that run in it.
    auto_remove: Docker removes it some time after it has ended (`--rm`).
    """

    id: str
    image: str
    digest: str
    state: str
    started: str
    port: Optional[int] = None
    jobs: tuple[str, ...] = ()
    auto_remove: bool = True

    @property
    def running(self) -> bool:
        """Docker says that it runs; whether it serves is another question."""
        return self.state == "running"

    @property
    def version(self) -> str:
        """The release that it runs."""
        return self.image.rpartition(":")[2]

    @property
    def lost(self) -> str:
        """What ending it costs, to be added to why it is ended; "" when nothing computes in it."""
        return f" (with {', '.join(self.jobs)} computing in it: cut)" if self.jobs else ""


@dataclass(frozen=True)
class EngineFacts:
    """What the Docker engine has of the service. sudo: only root may reach it."""

    sudo: bool
    images: Mapping[str, Image]
    service: Optional[Container] = None


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


@dataclass(frozen=True)
class Facts:
    """All that one look tells. engine: None when it could not be asked, engine_why says why.

    local: the service as seen on the host; public: from the workstation, None when that is not asked for.
    """

    host: HostFacts
    machine: MachineFacts
    engine: Optional[EngineFacts]
    local: Seen
    public: Optional[Seen] = None
    engine_why: str = ""

    @property
    def sudo(self) -> bool:
        """Only root may reach the engine."""
        return bool(self.engine and self.engine.sudo)

    @property
    def state(self) -> str:
        """The service in a clause."""
        if not self.engine:
            return f"Docker does not answer: {self.engine_why}"
        service = self.engine.service
        if not service or not service.running:
            return f"no service runs{f': the container is {service.state}' if service else ''}"
        problem = self.problem(service.version)
        return f"{service.image} runs, " + (f"but {problem}" if problem else "healthy")

    def problem(self, version: str) -> str:
        """Why the service of that version is not healthy; "" when every asker is content."""
        for seen in (self.local, self.public):
            if seen and (problem := seen.problem(version)):
                return problem
        return ""
