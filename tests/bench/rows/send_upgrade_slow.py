"""The next release goes to a host over a connection of 10 Mbit/s, once, and is loaded there."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.bench.rows import send_upgrade
from tests.bench.there import slowly


def figures(bench: Bench) -> Iterator[Figure]:
    """By scp and the runbook's lines, and by the tool."""
    host, ways = bench.there, send_upgrade.ways(bench)
    with slowly(host):
        yield from send_upgrade.measured(bench, ways, rounds=1)
