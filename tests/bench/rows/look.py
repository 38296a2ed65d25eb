"""A look at a healthy host over SSH."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from tests.bench.bench import FIRST, Bench, inv, task
from tests.bench.figures import Figure, alternate
from tests.bench.there import typed


def figures(bench: Bench) -> Iterator[Figure]:
    """By ssh and the import of Fabric, by fab, and by the tool."""
    host = bench.there
    inv(host, "deploy", "--version", FIRST, "--from", str(bench.small(FIRST)))
    ssh = typed(host, "ssh", "grisman", "true")

    def least() -> None:
        ssh()
        subprocess.run([sys.executable, "-c", "import fabric"], check=True)

    ways = {
        "ssh HOST true, python -c 'import fabric'": least,
        "fab -H HOST -- true": typed(host, sys.executable, "-m", "fabric", "-H", "grisman", "--", "true"),
        "status": task(host, "status"),
    }
    yield from alternate(ways, bench.rounds)
