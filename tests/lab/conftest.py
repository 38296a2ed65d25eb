"""The lab: a private engine, a Linux server with systemd, sshd and an engine of its own, and releases to deploy."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Callable, Optional

import docker
import pytest

from ospreyops.lines import PORT
from ospreyops.tools import iptables
from tests.conftest import PROJECT, Inv
from tests.lab.engine import Engine
from tests.lab.server import Server
from tests.release import build

ARCHIVE = "/usr/project/dlab/www/donaldlab/software/osprey/releases"
Releases = Callable[..., Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)


FIGURES = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(FIGURES, []):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> list[str]:
    """What was measured, a line each, to be printed at the end."""
    return pytestconfig.stash.setdefault(FIGURES, [])


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A private dockerd of this machine."""
    started = Engine.start(PROJECT / ".cache/lab/engine")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    """The archive of a sample release: releases("0.3"), releases("0.4", "hangs", ("0.4", "0.3")); made once each."""
    made: dict[tuple[object, ...], Path] = {}

    def release(version: str, fault: Optional[str] = None, protocols: tuple[str, ...] = ()) -> Path:
        key = (version, fault, protocols)
        if key not in made:
            made[key] = build(tmp_path_factory.mktemp(fault or version), version, protocols, fault)
        return made[key]

    return release


class Here:
    """This computer as a host: its own engine, folder and release archive. `inv` goes there without -H."""

    flags: tuple[str, ...] = ()
    address, sudo = "localhost", ""

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

    def clean(self) -> None:
        """Take the service away."""
        for container in self.docker.containers.list(all=True, filters={"name": "^/osprey-service"}):
            with contextlib.suppress(docker.errors.NotFound):
                container.remove(force=True, v=True)
        subprocess.run(
            ["sh", "-c", iptables.switch(PORT, PORT)], check=True, timeout=60
        )
        for image in self.docker.images.list("osprey/service"):
            self.docker.images.remove(image.id, force=True)


class There:
    """The lab's Linux server as a host, entered over SSH as a user who may use sudo, and not the engine."""

    sudo = "sudo"

    def __init__(self, server: Server, home: Path, user: str) -> None:
        self.server, self.user, self.address = server, user, server.address
        self.folder = Path(f"/home/{user}/osprey/service-docker")
        self.flags = ("-H", "grisman")
        (home / ".ssh").mkdir()
        server.ssh_config(home / ".ssh/config", "grisman", user)
        self.inv = Inv({"HOME": str(home)})

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


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Iterator[Here]:
    """This computer, with nothing of the service on it."""
    host = Here(engine, tmp_path)
    host.clean()
    yield host
    host.clean()


@pytest.fixture(scope="session")
def booted(engine: Engine) -> Iterator[Server]:
    """The lab's Linux server."""
    server = Server.start(engine, "grisman")
    yield server
    server.stop()


@pytest.fixture
def server(booted: Server) -> Server:
    """The lab's Linux server, with nothing of the service on it."""
    booted.reset()
    return booted


@pytest.fixture
def there(server: Server, tmp_path: Path) -> There:
    """The lab's Linux server over SSH, as a user with sudo without a password."""
    return There(server, tmp_path, "ops")


@pytest.fixture(params=["here", "there"])
def host(request: pytest.FixtureRequest) -> object:
    """This computer, then the server over SSH."""
    return request.getfixturevalue(request.param)
