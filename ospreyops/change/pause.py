"""How long to rest between two tries: briefly at first, ever longer while it lasts."""

from __future__ import annotations

FIRST = 0.2
"""Seconds of a first pause."""


def pause(waited: float, longest: float) -> float:
    """Seconds until the next try: a tenth of the wait so far, at least the first pause and at most the longest one."""
    return min(max(FIRST, waited / 10), longest)
