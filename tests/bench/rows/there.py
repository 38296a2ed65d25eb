"""The image is loaded, though it is there."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import SECOND, Bench, line, task
from tests.bench.figures import Figure, alternate


def figures(bench: Bench) -> Iterator[Figure]:
    """By the runbook's line, and by the tool."""
    host = bench.here
    file = bench.image(host, SECOND)
    ways = {
        "docker load < FILE (runbook)": line(host, f"docker load <{file}"),
        "image.load": task(host, "image.load", "--version", SECOND),
    }
    yield from alternate(ways, bench.rounds)
