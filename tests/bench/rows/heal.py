"""A fault is made; the service is healthy again. First on this computer, then on olympias, whose VM is emulated."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Callable

from tests.bench.bench import FIRST, LIMIT, Bench, inv, line, task
from tests.bench.figures import Figure, Way, alternate
from tests.conftest import Inv
from tests.lab.olympias import workstation
from tests.lab.olympias.faults import FAULTS, RULE
from tests.lab.olympias.host import Olympias
from tests.lab.olympias.machine import LabVm

HEALTHY = f"until curl --insecure --silent --fail https://localhost:44342/v{FIRST}/about; do sleep 0.1; done"
START = "(nohup {folder}/{version}/osprey-service --version {version} >log 2>&1 &)"
KILLED = "docker kill osprey-service; while docker container inspect osprey-service; do sleep 0.1; done"
FOLDER = "osprey/service-docker"
CURES: dict[str, tuple[str, Callable[[LabVm], object]]] = {
    "the container was killed": (
        f'eval "$(docker-machine env osprey-service)"; {START.format(folder=FOLDER, version=FIRST)}',
        FAULTS["the container was killed"][1],
    ),
    "the rule was deleted": (
        f"VBoxManage controlvm osprey-service natpf1 {RULE}",
        FAULTS["the rule was deleted"][1],
    ),
    "the clock is 90 s behind": (
        'docker-machine ssh osprey-service "sudo date -u $(date -u +%m%d%H%M%y)"',
        FAULTS["the clock is 90 s behind"][1],
    ),
    "the vm was paused": (
        "VBoxManage controlvm osprey-service resume",
        lambda vm: vm.control("pause"),
    ),
}
"""A fault of olympias -> the runbook's line against it, and what makes it."""


def figures(bench: Bench) -> Iterator[Figure]:
    """By the runbook's cure and a wait until the service answers, and by the tool, which ends on a look."""
    yield from _here(bench)
    with bench.network.left(), _olympias(bench) as (mac, there):
        vm = mac.vm()
        for fault, (cure, make) in CURES.items():
            ways: dict[str, Way] = {
                f"{fault}: the runbook's line": _typed(there, f"{cure} && {HEALTHY}"),
                f"{fault}: heal": _healed(there),
            }
            yield from alternate(ways, bench.rounds, partial(make, vm))


def _here(bench: Bench) -> Iterator[Figure]:
    host = bench.here
    host.offer(bench.small(FIRST), FIRST)
    inv(host, "deploy", "--version", FIRST)
    cure = f"cd {host.folder} && {START.format(folder=host.folder, version=FIRST)} && {HEALTHY}"
    ways = {
        "here, the container was killed: the runbook's start script": line(host, cure),
        "here, the container was killed: heal": task(host, "heal"),
    }
    yield from alternate(ways, bench.rounds, line(host, f"{{ {KILLED}; }} >/dev/null 2>&1; true"))


@contextmanager
def _olympias(bench: Bench) -> Iterator[tuple[Olympias, Inv]]:
    """A started olympias with a healthy service, and `inv` of a workstation."""
    mac = Olympias.start()
    try:
        there = Inv(workstation.furnish(mac, bench.folder / "workstation"))
        workstation.offer(mac, bench.small(FIRST))
        _done(there, "deploy", "--version", FIRST)
        yield mac, there
    finally:
        mac.stop()


def _done(there: Inv, *words: str) -> None:
    ran = there(*words, "-H", "olympias", limit=LIMIT)
    assert ran.code == 0, ran.said


def _healed(there: Inv) -> Way:
    return lambda: _done(there, "heal")


def _typed(there: Inv, text: str) -> Way:
    """A line that the maintainer types on olympias."""

    def way() -> None:
        words = ["ssh", "olympias", f"PATH=/usr/local/bin:$PATH; {text}"]
        done = subprocess.run(words, env=there.env, capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, done.stderr

    return way
