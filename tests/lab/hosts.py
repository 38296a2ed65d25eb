"""The hosts that `inv` deploys onto in the lab: this computer in the lab's network, and the Linux server over SSH."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import Callable, Union

import docker

from ospreyops.facts.route import Route
from ospreyops.lines import PORT
from ospreyops.settings import ROOTS
from ospreyops.tools import iptables
from tests.conftest import Inv
from tests.lab.engine import Engine
from tests.lab.server import Server
from tests.own_ssh import path_with_own_ssh

ARCHIVE = "/usr/project/dlab/www/donaldlab/software/osprey/releases"
Releases = Callable[..., Path]


class Here:
    """This computer as a host: its own engine, folder and release archive. `inv` goes there without -H."""

    flags: tuple[str, ...] = ()
    address = "localhost"

    def __init__(self, engine: Engine, tmp: Path) -> None:
        self.folder, self.archive = tmp / "osprey", tmp / "releases"
        self.archive.mkdir()
        self.docker = docker.DockerClient(base_url=engine.host, timeout=30)
        # A client of this very computer may be given the service's port, which no container gets then for a minute.
        subprocess.run(["sysctl", "-qw", f"net.ipv4.ip_local_reserved_ports={PORT}"], check=True, timeout=10)
        self.inv = Inv(
            {
                "DOCKER_HOST": engine.host,
                "INVOKE_OSPREY_FOLDER": str(self.folder),
                "INVOKE_OSPREY_ARCHIVE": str(self.archive),
            }
        )

    def offer(self, archive: Path, version: str) -> None:
        """Put an archive where the host's release archive is."""
        os.link(archive, self.archive / f"osprey-service-docker-{version}.tar")

    def running(self) -> list[str]:
        """The images of the service's containers that run."""
        found = self.docker.containers.list(filters={"name": "^/osprey-service"}, ignore_removed=True)
        return [str(container.attrs["Config"]["Image"]) for container in found]

    def shell(self, line: str) -> str:
        """What a line prints on the host, as a maintainer would type it."""
        return self.inv.shell(line)

    as_root = shell

    def clean(self) -> None:
        """Take the service away."""
        for container in self.docker.containers.list(all=True, filters={"name": "^/osprey-service"}):
            with contextlib.suppress(docker.errors.NotFound):
                container.remove(force=True, v=True)
        back = iptables.switch(PORT, PORT, (Route("IPv4"), Route("IPv6")))
        subprocess.run(["sh", "-c", back], check=True, timeout=60)
        for image in self.docker.images.list("osprey/service"):
            self.docker.images.remove(str(image.id), force=True)


class There:
    """The lab's Linux server as a host, entered over SSH as a user who may use sudo, and not the engine."""

    def __init__(self, server: Server, home: Path, user: str) -> None:
        self.server, self.user, self.address = server, user, server.address
        self.folder = Path(ROOTS)
        self.flags = ("-H", "grisman")
        (home / ".ssh").mkdir()
        server.ssh_config(home / ".ssh/config", "grisman", user)
        self.inv = Inv({"HOME": str(home), "PATH": path_with_own_ssh(home)})

    def offer(self, archive: Path, version: str) -> None:
        """Put an archive where the host's release archive is."""
        self.server.sh(f"mkdir -p {ARCHIVE}")
        self.server.put(archive, f"{ARCHIVE}/osprey-service-docker-{version}.tar")

    def running(self) -> list[str]:
        """The images of the service's containers that run."""
        return self.server.sh("docker ps --filter name=^/osprey-service --format '{{.Image}}'").split()

    def shell(self, line: str) -> str:
        """What a line prints on the host, as a maintainer would type it."""
        return self.server.sh(line, user=self.user)

    def as_root(self, line: str) -> str:
        """What a line prints on the host that root types."""
        return self.server.sh(line)


Host = Union[Here, There]
