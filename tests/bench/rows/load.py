"""The image is loaded from the archive that the host has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from tests.bench.bench import SECOND, Bench, line, taken_away, task
from tests.bench.figures import Figure, Way, alternate


def figures(bench: Bench) -> Iterator[Figure]:
    """By the runbook's line, by each program that decodes faster, from a plain tar, and by the tool."""
    host = bench.here
    file = bench.image(host, SECOND)
    host.shell(f"bzip2 -dc {file} >{bench.folder}/plain.tar")
    ways: dict[str, Way] = {"docker load < FILE (runbook)": line(host, f"docker load <{file}")}
    for tool in ("lbzip2", "rapidgzip"):
        if shutil.which(tool):
            ways[f"{tool} -dc FILE \\| docker load"] = line(host, f"{tool} -dc {file} | docker load")
    ways["docker load < FILE, a plain tar"] = line(host, f"docker load <{bench.folder}/plain.tar")
    ways["image.load"] = task(host, "image.load", "--version", SECOND)
    yield from alternate(ways, bench.rounds, taken_away(host, SECOND))
