"""This computer as a host elsewhere, which an archive is sent to."""

from __future__ import annotations

import bz2
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ospreyops.console import Console, Screen
from ospreyops.delivery.archive import archive
from ospreyops.facts import Facts
from ospreyops.facts.engine import Image
from ospreyops.goals.image import loaded
from ospreyops.release import SCRIPT
from ospreyops.remote.command import Command
from ospreyops.remote.host import Host
from ospreyops.remote.streams import Stream
from ospreyops.settings import Settings
from ospreyops.step import Step
from ospreyops.target import target
from tests.delivery.counting import DOCKER
from tests.delivery.here import RELEASE, Here
from tests.delivery.images import released, written
from tests.delivery.layered import classic, diffs

NOISE = random.Random(1)
BASE, SERVICE = NOISE.randbytes(900_000), NOISE.randbytes(40_000)
OLD = "0.2"
BEFORE = Image("osprey/service:0.2", f"sha256:{'2' * 64}", 1, 1, layers=tuple(diffs([BASE, b"0.2"])))


class Sent(Host):
    """This computer. A pair of sockets, unlike SSH, loses what is sent where it is closed before all was read."""

    def stream(self, command: Command) -> Stream:
        """Start a line to send to, once it has begun."""
        stream: Any = super().stream(command)
        assert stream._stream.sock.recv(100)
        begun: Stream = stream
        return begun


class Far(Here):
    """A host where this tool unpacked and loaded 0.2, whose lower layer 0.3 has, too. pins: version -> sha256."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.host = Sent(self.settings, Console(Screen(), "far"))
        written(home / "bin/docker", DOCKER.encode())
        (home / "mine").mkdir()
        self.archive = released(home / "mine" / RELEASE.archive, bz2.compress(classic([BASE, SERVICE])))
        self.below = self.unpack(OLD)
        (self.folder / ".ospreyops").mkdir()
        written(self.folder / ".ospreyops/loaded", f"{OLD} {BEFORE.digest}\n".encode())
        self.pins: dict[str, str] = {}

    def unpack(self, version: str) -> Path:
        """Put a whole release into the folder; returns its image archive."""
        (self.folder / version).mkdir(exist_ok=True)
        written(self.folder / version / SCRIPT, b"#!/bin/sh\n")
        return written(self.folder / version / f"osprey-service-docker-{version}.tar.bz2", b"BZh9")

    def steps(
        self,
        images: Optional[Mapping[str, Image]] = None,
        *,
        sent: bool = True,
        facts: Optional[Facts] = None,
    ) -> list[Step]:
        """What is to be done for 0.3, from this computer's archive or from what the host has."""
        aim = target(Settings("far", folder=str(self.folder), releases=tuple(self.pins.items())))
        offered = archive(str(self.archive), RELEASE, self.pins.get("0.3")) if sent else None
        known = {OLD: BEFORE} if images is None else images
        return list(loaded(facts or self.facts(**known), aim, RELEASE, offered))

    def send(self) -> None:
        """Do it."""
        for step in self.steps():
            step.do.perform(self.host)

    def files(self) -> set[str]:
        """What lies in the folder of 0.3."""
        return {path.name for path in (self.folder / "0.3").iterdir()} - {".ospreyops-release"}
