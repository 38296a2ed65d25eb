"""Waiting as docker-machine does: so many tries, and a pause after each that failed."""

from __future__ import annotations

import time
from collections.abc import Callable

from .errors import Failure

FIRST_PAUSE = 0.25


def until(condition: Callable[[], bool], tries: int = 60, pause: float = 3) -> None:
    """Try until the condition holds; the first pauses are shorter than the real ones, so that tests are quick."""
    for number in range(tries):
        if condition():
            return
        time.sleep(min(pause, FIRST_PAUSE * 2 ** min(number, 10)))
    raise Failure(f"Maximum number of retries ({tries}) exceeded")
