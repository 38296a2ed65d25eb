"""A release goes to a host over SSH, and is compared there by its sha256."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from tests.bench.bench import SECOND, Bench, inv
from tests.bench.figures import Figure, Way, alternate
from tests.bench.there import copied

UPLOADED = re.compile(r"is uploaded \(([0-9.]+) s")


def figures(bench: Bench) -> Iterator[Figure]:
    """By scp, and by the step of the tool."""
    host, archive = bench.there, bench.big(SECOND)
    ways: dict[str, Way] = {"scp": copied(host, archive), "image.load --from: the upload": sent(bench, archive)}
    yield from alternate(ways, bench.rounds, bench.server.reset)


def sent(bench: Bench, archive: Path) -> Way:
    """A way whose seconds are those of the step that uploads."""

    def way() -> Optional[float]:
        ran = inv(bench.there, "image.load", "--version", SECOND, "--from", str(archive))
        found = UPLOADED.search(ran.out)
        assert found, ran.said
        return float(found[1])

    return way
