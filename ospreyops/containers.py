"""What the Docker engine has of the service, its images and containers: frozen data, a part of the facts."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

from .release import CONTAINER


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
    """A container of the service; state: Docker's word (running, created, exited, paused …).

    jobs: names of the computations that run in it; pid: of its first process, as the engine's host numbers it.
    auto_remove: Docker removes it some time after it has ended (`--rm`).
    connections: that are open to it; None when it was not asked, or could not be.
    """

    id: str
    image: str
    digest: str
    state: str
    started: str
    port: Optional[int] = None
    jobs: tuple[str, ...] = ()
    auto_remove: bool = True
    name: str = CONTAINER
    pid: int = 0
    connections: Optional[int] = None

    @property
    def running(self) -> bool:
        """Docker says that it runs; whether it serves is another question."""
        return self.state == "running"

    @property
    def version(self) -> str:
        """The release that it runs."""
        return self.image.rpartition(":")[2]

    @property
    def left(self) -> Optional[float]:
        """When it was told to end what it has begun and then itself; None when it was not."""
        found = re.fullmatch(rf"{CONTAINER}-left-([0-9]+)-[0-9]+", self.name)
        return float(found[1]) if found else None

    @property
    def since(self) -> float:
        """When it was started."""
        return calendar.timegm(time.strptime(self.started[:19], "%Y-%m-%dT%H:%M:%S"))

    @property
    def busy(self) -> str:
        """What goes on in it, in a clause; "" when nothing does."""
        asked = f"{self.connections} connection{'s' * (self.connections != 1)} open" if self.connections else ""
        return ", ".join(filter(None, [asked, " ".join(self.jobs)]))

    @property
    def lost(self) -> str:
        """What ending it costs, to be added to why it is ended; "" when nothing computes in it."""
        return f" (with {', '.join(self.jobs)} computing in it: cut)" if self.jobs else ""


def connected(tables: str, port: Optional[int]) -> Optional[int]:
    """How many connections to that port /proc/net/tcp and tcp6 show as established; None when they show nothing."""
    rows = re.findall(r"^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) ", tables, re.M)
    return sum(int(local, 16) == port and state == "01" for local, state in rows) if "sl " in tables else None


@dataclass(frozen=True)
class EngineFacts:
    """What the Docker engine has of the service. sudo: only root may reach it.

    service: the container `osprey-service`; others: those beside it, that it takes over from: `osprey-service-PORT`
    goes on, `osprey-service-left-SECONDS-PORT` ends by itself.
    """

    sudo: bool
    images: Mapping[str, Image]
    service: Optional[Container] = None
    others: tuple[Container, ...] = ()

    @property
    def containers(self) -> tuple[Container, ...]:
        """All of them, the service's own first."""
        return (*((self.service,) if self.service else ()), *self.others)

    @property
    def lost(self) -> str:
        """What ending them all costs, to be added to why; "" when nothing computes in them."""
        return "".join(container.lost for container in self.containers)
