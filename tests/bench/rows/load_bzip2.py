"""The same where lbzip2 is not there, as on a Mac."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tests.bench.bench import SECOND, Bench, line, taken_away, task
from tests.bench.figures import Figure, alternate


def figures(bench: Bench) -> Iterator[Figure]:
    """By the runbook's line, by bzip2, and by the tool."""
    host = bench.here
    file = bench.image(host, SECOND)
    path = without("lbzip2", bench.folder / "programs")
    ways = {
        "docker load < FILE (runbook)": line(host, f"docker load <{file}"),
        "bzip2 -dc FILE \\| docker load": line(host, f"bzip2 -dc {file} | docker load"),
        "image.load": task(host, "image.load", "--version", SECOND, PATH=path),
    }
    yield from alternate(ways, bench.rounds, taken_away(host, SECOND))


def without(program: str, folder: Path) -> str:
    """A PATH that has all programs of this one but that."""
    folder.mkdir()
    for place in reversed(os.environ["PATH"].split(":")):
        for file in Path(place).glob("*"):
            (folder / file.name).unlink(missing_ok=True)
            (folder / file.name).symlink_to(file)
    (folder / program).unlink(missing_ok=True)
    return str(folder)
