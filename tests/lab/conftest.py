"""The lab: a private engine, a Linux server with systemd, sshd and an engine of its own, and releases to deploy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import pytest

from tests.lab.cache import own
from tests.lab.engine import Engine
from tests.lab.hosts import Here, Releases, There
from tests.lab.image import server_image
from tests.lab.namespace import Network
from tests.lab.server import Server
from tests.release import build
from tests.release.archive import CACHE
from tests.release.base import base


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
def network() -> Iterator[Network]:
    """The lab's own network."""
    with contextlib.closing(Network()) as made:
        yield made


@pytest.fixture(autouse=True)
def place(network: Network) -> Iterator[None]:
    """Each test is in the lab's network: what else listens on this machine is not seen there."""
    with network.entered():
        yield


@pytest.fixture(scope="session")
def engine(network: Network) -> Iterator[Engine]:
    """A private dockerd, in the lab's network."""
    with own("engine") as folder:
        Engine(folder).stop()  # what a run that was killed has left is in that run's network
        with network.entered():
            started = Engine.start(folder)
        yield started
        with network.entered():
            started.stop()


PROTOCOLS = {"0.4": ("0.4", "0.3")}
"""The protocol versions of a release that serves more than its own: no user of an older Desktop is cut off."""


@pytest.fixture(scope="session")
def releases(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Releases:
    """The archive of a sample release: releases("0.3"), releases("0.4", "hangs", ("0.4", "0.3")); made once each."""
    made: dict[tuple[object, ...], Path] = {}
    with network.left():
        base(CACHE)

    def release(version: str, fault: Optional[str] = None, protocols: tuple[str, ...] = ()) -> Path:
        key = (version, fault, protocols)
        if key not in made:
            served = protocols or PROTOCOLS.get(version, (version,))
            made[key] = build(tmp_path_factory.mktemp(fault or version), version, served, fault)
        return made[key]

    return release


@pytest.fixture
def here(engine: Engine, tmp_path: Path) -> Iterator[Here]:
    """This computer in the lab's network, with nothing of the service on it."""
    host = Here(engine, tmp_path)
    host.clean()
    yield host
    host.clean()


@pytest.fixture(scope="session")
def booted(engine: Engine, network: Network) -> Iterator[Server]:
    """The lab's Linux server."""
    with network.left():
        server_image(engine)
    with network.entered():
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
