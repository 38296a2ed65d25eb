"""The image is loaded, though it is there."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import SECOND, Bench, line, task
from tests.bench.figures import Figure, Way, alternate


def figures(bench: Bench) -> Iterator[Figure]:
    """By the runbook's line, and by the tool."""
    yield from alternate(ways(bench), bench.rounds)


def ways(bench: Bench) -> dict[str, Way]:
    """The ways, on a host that has the image's archive and has loaded it."""
    host = bench.here
    file = bench.image(host, SECOND)
    return {
        "docker load < FILE (runbook)": line(host, f"docker load <{file}"),
        "image.load": task(host, "image.load", "--version", SECOND),
    }
