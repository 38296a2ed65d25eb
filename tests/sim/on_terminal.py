"""`inv` on simulated hosts, as a program of its own: `python -m tests.sim.on_terminal WORLD deploy` and the like."""

from __future__ import annotations

import os
import socket
import sys
import threading
from typing import Callable

from tests.conftest import simulated
from tests.sim import scenes
from tests.sim.host import SimHost
from tests.worlds import running, unfit


def upgrade() -> list[SimHost]:
    return [running("0.3")]


def failing() -> list[SimHost]:
    host = running("0.3")
    host.healthy = unfit
    return [host]


def slow() -> list[SimHost]:
    """A host whose first answer does not come."""
    host = running("0.3")

    def hang() -> None:
        host.on_look = lambda: None
        threading.Event().wait()

    host.on_look = hang
    return [host]


def three() -> list[SimHost]:
    hosts = [running("0.3") for _ in range(3)]
    for host, name in zip(hosts, ("grisman-36", "olympias", "jerry")):
        host.name = name
    return hosts


WORLDS: dict[str, Callable[[], list[SimHost]]] = {
    "upgrade": upgrade,
    "failing": failing,
    "three": three,
    "slow": slow,
    **scenes.WORLDS,
}


if __name__ == "__main__":
    os.environ["LOGNAME"], socket.gethostname = "jeff", lambda: "grisman-12"
    simulated(*WORLDS[sys.argv[1]]()).run(["inv", *sys.argv[2:]])
