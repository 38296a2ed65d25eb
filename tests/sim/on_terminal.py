"""`inv` on simulated hosts, as a program of its own: `python -m tests.sim.on_terminal WORLD deploy` and the like."""

from __future__ import annotations

import sys
from typing import Callable

from tests.conftest import simulated
from tests.sim.host import SimHost
from tests.worlds import running, unfit


def upgrade() -> list[SimHost]:
    return [running("0.3")]


def failing() -> list[SimHost]:
    host = running("0.3")
    host.healthy = unfit
    return [host]


def three() -> list[SimHost]:
    hosts = [running("0.3") for _ in range(3)]
    for host, name in zip(hosts, ("grisman-36", "olympias", "jerry")):
        host.name = name
    return hosts


WORLDS: dict[str, Callable[[], list[SimHost]]] = {"upgrade": upgrade, "failing": failing, "three": three}


if __name__ == "__main__":
    simulated(*WORLDS[sys.argv[1]]()).run(["inv", *sys.argv[2:]])
