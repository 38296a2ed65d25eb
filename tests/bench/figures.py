"""What is measured: ways of doing the same thing, in turn, and their medians beside each other."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Callable, Optional

Way = Callable[[], Optional[float]]
"""Does the thing once; the seconds that count, or None where all of them do."""


@dataclass(frozen=True)
class Figure:
    """What one way took.

    rounds: seconds, each round's; ratio: of its median to that of the first way. note: what else was seen.
    """

    way: str
    rounds: tuple[float, ...]
    ratio: float = 1.0
    note: str = ""

    @property
    def seconds(self) -> float:
        """The median."""
        return median(self.rounds)

    @property
    def row(self) -> str:
        """Its line of the table."""
        return f"| {self.way} | {self.seconds:.3g} | {self.ratio:.2f} | {self.note} |"

    @property
    def data(self) -> dict[str, Any]:
        """What is kept beside the table."""
        return {**vars(self), "seconds": self.seconds}


def processor() -> float:
    """Seconds of the processor that all ended programs of this one took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def alternate(ways: Mapping[str, Way], rounds: int, before: Callable[[], object] = lambda: None) -> Iterator[Figure]:
    """Go through all ways in each round, and give the figures of each. before: what comes before, and is not timed."""
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            before()
            begin = time.monotonic()
            told = way()
            took[name].append(time.monotonic() - begin if told is None else told)
    first = median(next(iter(took.values())))
    for name, seconds in took.items():
        yield Figure(name, tuple(seconds), median(seconds) / first)


def described(title: str, figures: list[Figure]) -> str:
    """The table of a row."""
    head = [f"**{title}**\n", "| way | seconds | ratio | |", "|---|---|---|---|"]
    return "\n".join([*head, *(one.row for one in figures)])
