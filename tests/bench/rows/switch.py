"""A release takes over while 50 requests a second and 20 computations of 5 to 60 s are going on."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace

from tests.bench.bench import FIRST, SECOND, Bench, inv
from tests.bench.figures import Figure, Way, alternate
from tests.lab.load import RUNBOOK, Load, Report

SWITCHED = re.compile(r"traffic is switched to \S+ \(([0-9.]+) s")
"""A step of the tool, from the look that found the new release healthy until new requests come to it."""


def figures(bench: Bench) -> Iterator[Figure]:
    """By the runbook's stop and start, and by the tool's three ways, one after the other."""
    host = bench.here
    for version in (FIRST, SECOND):
        host.offer(bench.small(version), version)
    seen: dict[str, list[Report]] = {}
    switched: list[float] = []

    def by_hand() -> None:
        host.shell(RUNBOOK.format(sudo="", folder=host.folder, version=FIRST))

    def by_tool() -> None:
        for line in (f"deploy --version {SECOND}", "service.restart", f"rollback --drop-versions {SECOND}"):
            switched.extend(map(float, SWITCHED.findall(inv(host, *line.split()).out)))

    def loaded(name: str, way: Way) -> Way:
        def under_load() -> float:
            rate, jobs, longest = (10, 2, 10) if bench.tried else (50, 20, 60)
            load = Load("localhost", FIRST, rate=rate, kept=rate * 2 // 5, jobs=jobs, seconds=(5, longest))
            with load.going_on() as report:
                begin = time.monotonic()
                way()
                took = time.monotonic() - begin
            seen.setdefault(name, []).append(report)
            return took

        return under_load

    def before() -> None:
        if f"osprey/service:{FIRST}" in host.running():
            inv(host, "service.stop", "--yes")
        inv(host, "deploy", "--version", FIRST)

    ways = {"docker stop and start, once (runbook)": by_hand, "deploy, service.restart, rollback": by_tool}
    found = list(alternate({name: loaded(name, way) for name, way in ways.items()}, bench.rounds, before))
    yield from (replace(one, note=told(seen[one.way])) for one in found)
    yield Figure("of these, from healthy to traffic, the longest", (max(switched),), max(switched) / found[0].seconds)


def told(reports: list[Report]) -> str:
    """What the users saw, in all rounds."""
    sent, lost, cut = (sum(count) for count in zip(*((one.sent, len(one.errors), len(one.cut)) for one in reports)))
    return f"{lost} of {sent} requests lost, {cut} computations cut, outage {max(one.outage for one in reports):.1f} s"
