"""The tests of every day, once; only when it is asked for."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.figures import Figure
from tests.conftest import PROJECT


def figures(bench: Bench) -> Iterator[Figure]:
    """`make test`; there is no peer."""
    begin = time.monotonic()
    with bench.network.left():
        done = subprocess.run(["make", "test"], cwd=PROJECT, capture_output=True, check=False)
    yield Figure("make test", (time.monotonic() - begin,), note=f"exit status {done.returncode}")
