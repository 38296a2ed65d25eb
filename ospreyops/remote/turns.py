"""How many connect to one SSH server at the same time, and how one that it sends away comes again.

An OpenSSH server lets ten log in at a time, and sends others away at random (MaxStartups 10:30:100). A jump host is
such a server to all the hosts behind it.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from paramiko import SSHException

from .ssh_errors import hung_up

AT_ONCE = 8
"""Connections to one server that are not let in yet; others may connect there, too."""
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds, at most, until the tool comes again; how many of them is left to chance, as others are sent away, too."""

_turns: dict[tuple[str, int], threading.Semaphore] = {}


@contextmanager
def turn(host: str, port: int, limit: float) -> Iterator[None]:
    """Wait for a turn at the server, for so many seconds at most: a dead one keeps nobody for longer."""
    turns = _turns.setdefault((host, port), threading.Semaphore(AT_ONCE))
    mine = turns.acquire(timeout=limit)
    try:
        yield
    finally:
        if mine:
            turns.release()


def until_greeted(connect: Callable[[], Any]) -> None:
    """Connect; and again where the server hangs up before its banner: nothing was asked of it by then.

    Errors: those of the call.
    """
    for pause in PAUSES:
        try:
            connect()
        except SSHException as error:
            if not hung_up(error):
                raise
        else:
            return
        time.sleep(random.uniform(0, pause))  # noqa: S311 (no secret)
    connect()
