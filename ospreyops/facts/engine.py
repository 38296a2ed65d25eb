"""The Docker engine, as one look tells of it: the service's images and containers."""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Optional

from ..release import CONTAINER
from ..text import counted

ENDED = ("created", "exited", "dead", "removing")
"""Docker's words for a container that does not run."""


class Refusal(str, Enum):
    """Why Docker could not be asked."""

    SILENT = "no answer in time"
    DENIED = "the user may not use it"
    DOWN = "dockerd does not run"
    OTHER = "something else"


@dataclass(frozen=True)
class EngineRefusal:
    """Why Docker could not be asked, with its own words."""

    text: str
    kind: Refusal = Refusal.OTHER

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Image:
    """An image of the service in Docker.

    digest: its content-addressed id, `sha256:…`. architecture: in Docker's word, "" when nobody could tell.
    layers: their digests, the lowest first.
    """

    name: str
    digest: str
    created: int
    size: int
    versions: tuple[str, ...] = ()
    architecture: str = ""
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Container:
    """A container of the service; state: Docker's word (running, paused, restarting, or one of ENDED).

    jobs: names of the computations that run in it; pid: of its first process, as the engine's host numbers it.
    auto_remove: Docker removes it some time after it has ended (`--rm`).
    connections: the open ones; None when nobody asked, or nobody could.
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
    def paused(self) -> bool:
        """Somebody paused it: its processes are there, and stand still."""
        return self.state == "paused"

    @property
    def ended(self) -> bool:
        """It has no processes, or is about to lose them."""
        return self.state in ENDED

    @property
    def version(self) -> str:
        """The release that it runs."""
        return self.image.rpartition(":")[2]

    @property
    def draining_since(self) -> Optional[float]:
        """When it was told to finish its requests and end; None when it was not."""
        found = re.fullmatch(rf"{CONTAINER}-left-([0-9]+)-[0-9]+", self.name)
        return float(found[1]) if found else None

    @property
    def started_at(self) -> float:
        """When it was started, in epoch seconds."""
        return calendar.timegm(time.strptime(self.started[:19], "%Y-%m-%dT%H:%M:%S"))

    @property
    def activity(self) -> Optional[str]:
        """What goes on in it, in a clause; None when nothing does."""
        found = [counted(self.connections, "connection")] if self.connections else []
        found += [f"job {' '.join(self.jobs)}"] if self.jobs else []
        return ", ".join(found) or None

    @property
    def loss(self) -> str:
        """A suffix for the reason why it is ended: what that cuts; empty when nothing computes in it."""
        return f" (with {', '.join(self.jobs)} computing in it: cut)" if self.jobs else ""


@dataclass(frozen=True)
class EngineFacts:
    """What the Docker engine has of the service. sudo: only root may reach it.

    service: the container `osprey-service`; others: the containers alongside it. `osprey-service-PORT` goes on,
    `osprey-service-left-SECONDS-PORT` drains since that moment.
    holders: the digest of an image -> a container of another name that holds it. architecture: the engine's own.
    own_rules: how else than by iptables Docker leads connections to its ports, in a clause; None when it does not.
    """

    sudo: bool
    images: Mapping[str, Image]
    service: Optional[Container] = None
    others: tuple[Container, ...] = ()
    holders: Mapping[str, str] = field(default_factory=dict)
    architecture: str = ""
    own_rules: Optional[str] = None

    @property
    def containers(self) -> tuple[Container, ...]:
        """All of them, the service's own first."""
        return (*((self.service,) if self.service else ()), *self.others)

    @property
    def loss(self) -> str:
        """A suffix for the reason why all are ended: what that cuts; empty when nothing computes in them."""
        return "".join(container.loss for container in self.containers)
