"""The next release is loaded, whose upper 5 % are new, from the archive that the host has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.bench.bench import FIRST, SECOND, Bench, inv, line, taken_away, task
from tests.bench.figures import Figure, alternate

COUNTING = '#!/bin/sh\nif [ "$1" = load ]; then tee "$0.read" | {docker} load; else exec {docker} "$@"; fi\n'


def figures(bench: Bench) -> Iterator[Figure]:
    """By the runbook's line, decoded alone, and by the tool; with how much the engine reads."""
    host = bench.here
    bench.image(host, FIRST)
    file = bench.image(host, SECOND)
    remove = taken_away(host, SECOND)
    ways = {
        "docker load < FILE (runbook)": line(host, f"docker load <{file}"),
        "lbzip2 -dc FILE >/dev/null": line(host, f"lbzip2 -dc {file} >/dev/null"),
        "image.load": task(host, "image.load", "--version", SECOND),
    }

    def before() -> None:
        inv(host, "image.load", "--version", SECOND)
        remove()

    *others, own = alternate(ways, bench.rounds, before)
    remove()
    yield from others
    yield replace(own, note=f"the engine reads {100 * read(bench) / (bench.size * 1_000_000):.1f} % of the image")


def read(bench: Bench) -> int:
    """Bytes that the engine reads in an upgrade by the tool."""
    host, program = bench.here, bench.folder / "counting/docker"
    program.parent.mkdir()
    program.write_text(COUNTING.format(docker=host.shell("command -v docker").strip()))
    program.chmod(0o755)
    inv(host, "image.load", "--version", SECOND, PATH=f"{program.parent}:{host.inv.env['PATH']}")
    return Path(f"{program}.read").stat().st_size
