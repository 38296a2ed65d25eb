"""What real engines make of an archive without the layers that they have: an image like any other."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.images import written
from tests.lab.engine import Engine
from tests.lab.hosts import Here, Releases, There
from tests.lab.image import server_image
from tests.lab.namespace import Network
from tests.lab.server import Server

COUNTING = """#!/bin/sh
if [ "$1" = load ]; then tee "$0.read" | /usr/bin/docker load; else exec /usr/bin/docker "$@"; fi
"""
# Its containerd keeps its own files on the volume: overlayfs does not stand on an overlayfs.
CONTAINERD_STORE = """
systemctl stop docker docker.socket containerd
mkdir -p /etc/docker /var/lib/containerd /var/lib/docker/containerd-own
mount --bind /var/lib/docker/containerd-own /var/lib/containerd
echo '{"features": {"containerd-snapshotter": true}}' >/etc/docker/daemon.json
systemctl start containerd docker
"""
USED = "docker run --rm --entrypoint /bin/sleep osprey/service:0.4 0 && docker save osprey/service:0.4 | wc -c"


@pytest.fixture(scope="module")
def store(engine: Engine, network: Network) -> Iterator[Server]:
    """A server whose Docker has its images in containerd's store."""
    with network.left():
        server_image(engine)
    with network.entered():
        server = Server.start(engine, "stored")
        server.sh(CONTAINERD_STORE)
    yield server
    server.stop()


def test_an_upgrade_gives_the_engine_a_hundredth_of_the_archive(here: Here, releases: Releases, tmp_path: Path) -> None:
    counting = written(tmp_path / "docker", COUNTING.encode())
    counting.chmod(0o755)
    read = {}
    for version in ("0.3", "0.4"):
        here.offer(releases(version), version)
        ran = here.inv("image.load", "--version", version, PATH=f"{tmp_path}:{os.environ['PATH']}")
        assert ran.code == 0, ran.said
        read[version] = (tmp_path / "docker.read").stat().st_size
    assert read["0.4"] * 100 < read["0.3"]


@pytest.mark.parametrize("kind", ["here", "store"])
def test_an_image_that_came_in_part_runs_and_is_whole_without_the_one_before(
    request: pytest.FixtureRequest, releases: Releases, tmp_path: Path, kind: str
) -> None:
    given = request.getfixturevalue(kind)
    host = given if isinstance(given, Here) else There(given, tmp_path, "ops")
    for version in ("0.3", "0.4"):
        host.offer(releases(version), version)
        ran = host.inv("image.load", "--version", version, *host.flags)
        assert ran.code == 0 and "once more" not in ran.said, ran.said
    host.as_root("docker image rm osprey/service:0.3")
    assert re.fullmatch(r"\d{8,}\n?", host.as_root(USED))
    again = host.inv("image.load", "--version", "0.4", *host.flags)
    assert "nothing to do" in again.out, again.said
