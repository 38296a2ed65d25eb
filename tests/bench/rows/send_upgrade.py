"""The next release, whose upper 5 % are new, goes to a host over SSH and is loaded there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.bench.bench import FIRST, SECOND, Bench, inv, task
from tests.bench.figures import Figure, Way, alternate
from tests.bench.there import copied
from tests.lab.hosts import There

SENT = f"wc -c <{{folder}}/{SECOND}/layers.tar.bz2"


def figures(bench: Bench) -> Iterator[Figure]:
    """By scp and the runbook's lines, and by the tool."""
    yield from measured(bench, ways(bench), bench.rounds)


def ways(bench: Bench) -> dict[str, Way]:
    """The ways, on a host that has the release before."""
    host, archive = bench.there, bench.big(SECOND)
    bench.server.reset()
    inv(host, "image.load", "--version", FIRST, "--from", str(bench.big(FIRST)))
    return {
        "scp, tar, docker load < FILE (runbook)": by_hand(host, archive),
        "image.load --from": task(host, "image.load", "--version", SECOND, "--from", str(archive)),
    }


def measured(bench: Bench, ways: dict[str, Way], rounds: int) -> Iterator[Figure]:
    """What they take, and how much of the archive the tool sends."""
    host, archive = bench.there, bench.big(SECOND)

    def before() -> None:
        host.as_root(f"docker image rm osprey/service:{SECOND} 2>/dev/null; rm -rf {host.folder}/{SECOND} /tmp/r; true")

    *others, own = alternate(ways, rounds, before)
    sent = int(host.as_root(SENT.format(folder=host.folder)))
    yield from others
    yield replace(own, note=f"{100 * sent / archive.stat().st_size:.1f} % of the archive is sent")


def by_hand(host: There, archive: Path) -> Way:
    """The archive is copied, unpacked and loaded."""
    copy = copied(host, archive)

    def way() -> None:
        copy()
        image = f"/tmp/r/{archive.name}.bz2"
        host.as_root(f"mkdir -p /tmp/r && tar -xf /tmp/{archive.name} -C /tmp/r && docker load <{image}")

    return way
