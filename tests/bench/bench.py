"""What the rows are measured on: this computer's own engine, and the lab's server, each started when a row wants it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Optional

from ospreyops.release import DECODED
from tests.bench.figures import Way
from tests.bench.release import big_release
from tests.conftest import PROJECT, Ran
from tests.lab.engine import Engine
from tests.lab.hosts import Here, Host, There
from tests.lab.image import server_image
from tests.lab.namespace import Network
from tests.lab.server import Server
from tests.release import build
from tests.release.archive import CACHE
from tests.release.base import base

PLACE = PROJECT / ".cache/bench"
LIMIT = 1800
SMALL = 100
"""An image of fewer megabytes means that the bench is only tried: on fewer hosts, under less load."""
FIRST, SECOND = "0.3", "0.4"


class Bench:
    """One run. size: of the image, in megabytes; rounds: how often each way is gone."""

    def __init__(self, folder: Path, network: Network, size: int, rounds: int, ended: contextlib.ExitStack) -> None:
        self.folder, self.network, self.size, self.rounds, self._ended = folder, network, size, rounds, ended

    @property
    def tried(self) -> bool:
        """It is only tried whether the rows can be measured."""
        return self.size < SMALL

    @cached_property
    def engine(self) -> Engine:
        """A private dockerd."""
        Engine(PLACE / "engine").stop()
        engine = Engine.start(PLACE / "engine")
        self._ended.callback(engine.stop)
        return engine

    @cached_property
    def here(self) -> Here:
        """This computer as a host."""
        (self.folder / "here").mkdir()
        host = Here(self.engine, self.folder / "here")
        host.clean()
        self._ended.callback(host.clean)
        return host

    @cached_property
    def server(self) -> Server:
        """The lab's Linux server."""
        engine = self.engine
        with self.network.left():
            server_image(engine)
        server = Server.start(engine, "bench")
        self._ended.callback(server.stop)
        return server

    @cached_property
    def there(self) -> There:
        """The server over SSH, as a user with sudo."""
        (self.folder / "there").mkdir()
        return There(self.server, self.folder / "there", "ops")

    def big(self, version: str) -> Path:
        """The archive of a release with an image of that size; 0.4 serves 0.3, too."""
        self._base()
        return big_release(PLACE / "release", version, _protocols(version), self.size)

    def small(self, version: str) -> Path:
        """The archive of a sample release; 0.4 serves 0.3, too."""
        self._base()
        return build(self.folder / "small", version, _protocols(version))

    def _base(self) -> None:
        """The base of the sample, made outside of the bench's network if it is not there."""
        with self.network.left():
            base(CACHE)

    def image(self, host: Host, version: str) -> str:
        """The image archive of a big release, unpacked on the host and in Docker."""
        host.offer(self.big(version), version)
        inv(host, "image.load", "--version", version)
        return f"{host.folder}/{version}/osprey-service-docker-{version}.tar.bz2"


def _protocols(version: str) -> tuple[str, ...]:
    return (version, FIRST) if version != FIRST else (FIRST,)


def taken_away(host: Host, version: str) -> Way:
    """A way that takes an image out of Docker, with what the tool keeps decoded."""
    return line(host, f"docker image rm osprey/service:{version}; rm -rf {host.folder}/{DECODED}")


def inv(host: Host, *words: str, **env: str) -> Ran:
    """Run a task on the host, which must succeed."""
    ran = host.inv(*words, *host.flags, limit=LIMIT, **env)
    assert ran.code == 0, ran.said
    return ran


def line(host: Host, text: str, path: Optional[str] = None) -> Way:
    """A way that is a line, typed on the host as a maintainer would."""

    def way() -> None:
        host.shell(f"PATH={path}; export PATH; {text}" if path else text)

    return way


def task(host: Host, *words: str, **env: str) -> Way:
    """A way that is a task."""

    def way() -> None:
        inv(host, *words, **env)

    return way


@contextlib.contextmanager
def bench(folder: Path, size: int, rounds: int) -> Iterator[Bench]:
    """A bench in a network of its own; all that it started ends with it."""
    with contextlib.closing(Network()) as network, network.entered(), contextlib.ExitStack() as ended:
        yield Bench(folder, network, size, rounds, ended)
