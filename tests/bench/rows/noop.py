"""A second deploy of the release that runs, over SSH."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator

from tests.bench.bench import FIRST, Bench, inv, task
from tests.bench.figures import Figure, Way, alternate
from tests.bench.there import typed


def figures(bench: Bench) -> Iterator[Figure]:
    """By the peers that are installed, one operation each, by fab, and by the tool."""
    host = bench.there
    inv(host, "deploy", "--version", FIRST, "--from", str(bench.small(FIRST)))
    peers: dict[str, list[str]] = {
        "pyinfra, one operation": ["pyinfra", "-y", "grisman", "server.shell", "true"],
        "ansible ping": ["ansible", "all", "-i", "grisman,", "-m", "ping"],
        "fab -H HOST -- true": [sys.executable, "-m", "fabric", "-H", "grisman", "--", "true"],
    }
    ways: dict[str, Way] = {
        name: typed(host, *words) for name, words in peers.items() if shutil.which(words[0], path=host.inv.env["PATH"])
    }
    ways["deploy, the second time"] = task(host, "deploy", "--version", FIRST)
    yield from alternate(ways, bench.rounds)
