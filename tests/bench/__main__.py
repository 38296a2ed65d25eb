"""`make bench`: a release takes over under load, and an image is loaded; by the tool, and by the runbook's lines."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Callable

from tests.conftest import PROJECT
from tests.lab.engine import Engine
from tests.lab.hosts import Here
from tests.lab.load import RUNBOOK, Load, Report
from tests.lab.namespace import Network
from tests.release import build

FIRST, SECOND = "0.3", "0.4"
ENGINE = PROJECT / ".cache/bench/engine"


def main() -> None:
    """Measure on an engine of this computer, in a network of its own, and print a table."""
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(Network()) as network:
        versions = {FIRST: (FIRST,), SECOND: (SECOND, FIRST)}
        built = {version: build(Path(folder) / version, version, served) for version, served in versions.items()}
        with network.entered():
            measure(Path(folder), built)


def measure(folder: Path, releases: Mapping[str, Path]) -> None:
    """Start an engine, deploy, and measure."""
    Engine(ENGINE).stop()
    engine = Engine.start(ENGINE)
    try:
        host = Here(engine, folder)
        host.clean()
        for version, archive in releases.items():
            host.offer(archive, version)
        done(host, "deploy", "--version", FIRST)
        loading(host)
        taking_over(host)
        host.clean()
    finally:
        engine.stop()


def taking_over(host: Here) -> None:
    """Replace the release while 50 requests a second and 20 computations of 5 to 60 s are going on."""
    print("| way | requests | lost | p99 | outage | computations ended | cut |\n|---|---|---|---|---|---|---|")
    with loaded().going_on() as report:
        for line in (f"deploy --version {SECOND}", "service.restart", f"rollback --drop-versions {SECOND}"):
            done(host, *line.split())
    print(row("deploy, service.restart, rollback", report))
    done(host, "service.stop", "service.start", "--version", FIRST)
    with loaded().going_on() as report:
        host.shell(RUNBOOK.format(sudo="", folder=host.folder, version=FIRST))
    print(row("the runbook's docker stop and start, once", report))


def loading(host: Here) -> None:
    """Load an image by the runbook's line, by the tool, and by the tool when it is there already."""
    image = f"osprey/service:{SECOND}"
    done(host, "image.load", "--version", SECOND)
    file = host.folder / SECOND / f"osprey-service-docker-{SECOND}.tar.bz2"
    ways: dict[str, Callable[[], object]] = {
        "docker load < FILE (runbook)": lambda: host.shell(f"docker load <{file}"),
        "inv image.load": lambda: done(host, "image.load", "--version", SECOND),
    }
    took = {}
    for name, way in ways.items():
        host.shell(f"docker image rm {image}")
        start = time.monotonic()
        way()
        took[name] = time.monotonic() - start
    start = time.monotonic()
    done(host, "image.load", "--version", SECOND)
    took["inv image.load, when it is there already"] = time.monotonic() - start
    whole = next(iter(took.values()))
    print("| way | seconds | ratio |\n|---|---|---|")
    for name, seconds in took.items():
        print(f"| {name} | {seconds:.1f} | {seconds / whole:.2f} |")


def loaded() -> Load:
    """The load of a busy day."""
    return Load("localhost", FIRST, rate=50, kept=20, jobs=20, seconds=(5, 60))


def row(name: str, report: Report) -> str:
    """A line of the table."""
    figures = [report.sent, len(report.errors), f"{report.p99 * 1000:.0f} ms", f"{report.outage:.1f} s"]
    return f"| {name} | {' | '.join(map(str, [*figures, report.done, len(report.cut)]))} |"


def done(host: Here, *words: str) -> None:
    """Run a task, which must succeed."""
    ran = host.inv(*words, limit=900)
    assert ran.code == 0, ran.said


if __name__ == "__main__":
    main()
