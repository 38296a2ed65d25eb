"""The service's container was killed; it is healthy again. The faults of a Mac and its VM: `make soak`."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import FIRST, Bench, inv, line, task
from tests.bench.figures import Figure, alternate

CURE = (
    "cd {folder} && (nohup {version}/osprey-service --version {version} >log 2>&1 &)"
    " && until curl --insecure --silent --fail https://localhost:44342/v{version}/about; do sleep 0.1; done"
)
KILLED = "docker kill osprey-service; while docker container inspect osprey-service; do sleep 0.1; done"


def figures(bench: Bench) -> Iterator[Figure]:
    """By the runbook's cure, and by the tool, which ends on a look."""
    host = bench.here
    host.offer(bench.small(FIRST), FIRST)
    inv(host, "deploy", "--version", FIRST)
    ways = {
        "the runbook's start script": line(host, CURE.format(folder=host.folder, version=FIRST)),
        "heal": task(host, "heal"),
    }
    yield from alternate(ways, bench.rounds, line(host, f"{{ {KILLED}; }} >/dev/null 2>&1; true"))
