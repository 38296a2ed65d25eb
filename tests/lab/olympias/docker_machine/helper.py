"""The process that runs a machine's driver: called just docker-machine, in the process group of the call."""

from __future__ import annotations

import os
import time
from typing import Callable

LINGERS = 10
"""Seconds that it lives on after the call (field book: docker-machine, 1)."""


def start(named: Callable[[], None]) -> None:
    """Start it beside this process, without its streams. named: gives it its name."""
    call = os.getpid()
    if os.fork():
        return
    named()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    while os.getppid() == call:
        time.sleep(0.2)
    time.sleep(LINGERS)
    os._exit(0)
