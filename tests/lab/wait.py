"""Waiting on a condition, with a limit."""

import time
from collections.abc import Callable


class NotReady(RuntimeError):
    """What was waited for did not come about in time."""


def until(condition: Callable[[], object], what: str, limit: float, detail: Callable[[], str] = str) -> None:
    """Wait until the condition holds; after `limit` seconds raise NotReady, saying what, and the detail."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise NotReady(f"{what}: not within {limit:g} s\n{detail()}".rstrip())
        time.sleep(0.1)
