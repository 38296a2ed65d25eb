"""The same image is loaded again: the VM was made anew, or the image was pruned."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench, line
from tests.bench.figures import Figure, alternate
from tests.bench.rows import there


def figures(bench: Bench) -> Iterator[Figure]:
    """By the runbook's line, and by the tool, which loaded it once."""
    pruned = line(bench.here, "docker image prune --force --all >/dev/null")
    yield from alternate(there.ways(bench), bench.rounds, pruned)
