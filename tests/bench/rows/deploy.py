"""A release is deployed onto a host that has nothing, over SSH, until the service answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench.bench import FIRST, Bench, task
from tests.bench.figures import Figure, Way, alternate
from tests.bench.there import copied
from tests.lab.hosts import There

BY_HAND = """
mkdir -p /root/osprey/{version} && cd /root/osprey/{version} && tar -xf /tmp/{archive} &&
docker load <osprey-service-docker-{version}.tar.bz2 && chmod +x osprey-service &&
(nohup ./osprey-service --version {version} >../log 2>&1 &) &&
until curl --insecure --silent --fail https://localhost:44342/v{version}/about; do sleep 0.2; done
"""
"""The runbook's lines, one after the other."""


def figures(bench: Bench) -> Iterator[Figure]:
    """By the runbook's lines as a script, and by the tool."""
    host, archive = bench.there, bench.big(FIRST)
    ways = {
        "the runbook's lines as a script": by_hand(host, archive),
        "deploy --from": task(host, "deploy", "--version", FIRST, "--from", str(archive)),
    }
    yield from alternate(ways, bench.rounds, bench.server.reset)


def by_hand(host: There, archive: Path) -> Way:
    """The archive is copied, then the lines are run."""
    copy = copied(host, archive)

    def way() -> None:
        copy()
        host.as_root(BY_HAND.format(version=FIRST, archive=archive.name))

    return way
