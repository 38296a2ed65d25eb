"""What goes on on a host at the moment, as its row on the screen says it."""

from __future__ import annotations

import textwrap
import time
from dataclasses import dataclass, field
from itertools import count
from typing import Callable, Optional

from ..text import size
from .painter import ASCII_FRAMES, FRAMES, HEARTBEAT

BAR = 20
"""Signs of a bar."""
SLOW = 3.0
"""Seconds after which a look in the middle of a wait gets the row."""
ROOMY, LONGEST = 60, 2
"""Columns from which on the row of a single host goes on in the next line; its longest text in widths of it."""
UNBROKEN = "\u00a0"
PLACES = count()


def spent(seconds: float) -> str:
    """A time that goes on: in seconds up to ten minutes, then in minutes."""
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


class Bar:
    """How many of the bytes are transferred. begun: what an earlier run had sent; the rate is without it."""

    def __init__(self, total: int = 0) -> None:
        self.total, self.done, self.begun, self._start = total, 0, 0, time.monotonic()

    def resume(self, begun: int) -> None:
        """Begin after the bytes that are there already."""
        self.done = self.begun = begun

    def reach(self, done: int, total: int) -> None:
        """Take in how far it is, where another program counts."""
        self.done, self.total = done, total

    @property
    def rate(self) -> float:
        """Bytes a second, of those that this run transferred."""
        return (self.done - self.begun) / max(time.monotonic() - self._start, 0.001)

    @property
    def summary(self) -> str:
        """How much it was, and how fast, once it is done; "" where nothing was counted."""
        moved = self.done - self.begun
        return f"{size(moved)}, {size(int(self.rate))}/s" if moved else ""

    @property
    def figures(self) -> str:
        """How far it is, how fast, and how long it may still take; "" where nothing is counted."""
        if not self.total:
            return ""
        told = f"{self._share:.0%} {size(self.done)} of {size(self.total)}"
        if self.done == self.begun:
            return told
        left = spent((self.total - self.done) / self.rate)
        return f"{told}, {size(int(self.rate))}/s, {left} left"

    @property
    def _share(self) -> float:
        return min(self.done / self.total, 1)

    def __str__(self) -> str:
        return f"[{'=' * int(self._share * BAR):<{BAR}}] {self.figures}" if self.total else ""


def with_reason(cut: Callable[[str, int], str], text: str, room: int) -> str:
    """A text in so many columns. Its last clause, the reason, stays whole where it takes half of them at most."""
    what, colon, reason = text.rpartition(": ")
    left = room - len(colon + reason)
    return cut(what, left) + colon + reason if colon and left >= room // 2 else cut(text, room)


@dataclass
class Activity:
    """Something that goes on. line: what is run for it; limit: seconds that it may take, where that is worth a word.

    left: what has not answered yet; before: seconds that it went on before this began.
    """

    what: str
    line: str = ""
    limit: Optional[float] = None
    before: float = 0
    bar: Optional[Bar] = None
    left: set[str] = field(default_factory=set)
    since: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """How long it has gone on."""
        return self.before + time.monotonic() - self.since

    @property
    def details(self) -> str:
        """How far it is: its bar or its time, and what is waited for."""
        if self.bar and str(self.bar):
            return f" {self.bar}"
        if self.limit is not None:
            return f" · {self.seconds:.0f} of {self.limit:.0f} s"
        if self.seconds < 1:
            return "…"
        left = f", waiting for: {', '.join(sorted(self.left))}" if self.left else ""
        return f"… {spent(self.seconds)}{left}"


class Row:
    """What goes on on a host: what began last, or the wait that all of it belongs to.

    place: among the rows of all hosts, in the order in which they were named.
    prefix: what stands before each of its lines; tell: prints a plain line; cut: a text in so many columns.
    """

    def __init__(
        self, prefix: Callable[[], str], tell: Callable[[str], None], cut: Callable[[str, int], str], *, unicode: bool
    ) -> None:
        self.wait: Optional[Activity] = None
        self.heard = time.monotonic()
        self.stack: list[Activity] = []
        self.place = next(PLACES)
        self._prefix, self._tell, self._cut, self._unicode = prefix, tell, cut, unicode

    @property
    def top(self) -> Optional[Activity]:
        """What is shown; None when nothing goes on."""
        last = next(reversed([*self.stack]), None)
        if self.wait and (last is None or last.seconds < SLOW):
            return self.wait
        return last

    def painted(self, turn: int, columns: int) -> list[str]:
        """What goes on; and what is run for it, unless other hosts need the room."""
        shown, prefix = self.top, self._prefix()
        if shown is None:
            return []
        frames = FRAMES if self._unicode else ASCII_FRAMES
        lead, details = f"{prefix}{frames[turn % len(frames)]} {shown.what}", shown.details
        if prefix or columns < ROOMY:
            if shown.bar and len(lead + details) > columns:
                details = f" {shown.bar.figures}"
            lines = [self._one_line(lead, details, columns)]
        else:
            lines = _wrapped(lead, details, columns, bar=bool(shown.bar))
        if shown.line and not prefix:
            lines.append(f"  $ {shown.line}")
        return [self._cut(line, columns) for line in lines]

    def _one_line(self, lead: str, details: str, columns: int) -> str:
        if len(lead + details) <= columns:
            return lead + details
        rest = details.lstrip("…")  # the cut text ends with dots of its own
        return with_reason(self._cut, lead, columns - len(rest)) + rest

    def tell(self) -> None:
        """Print a plain line of what goes on, if nothing was printed for long."""
        shown = self.top
        if shown and time.monotonic() - self.heard >= HEARTBEAT:
            self._tell(f"{shown.what}{shown.details}")


def _wrapped(lead: str, details: str, columns: int, *, bar: bool) -> list[str]:
    """What goes on in as many lines as it takes. The details are not broken, and a bar has a line of its own."""
    if len(lead + details) <= columns:
        return [lead + details]
    most = LONGEST * columns - len(details)
    lead = lead if len(lead) <= most else f"{lead[:most]}…"
    text = lead if bar else lead + details.replace(" ", UNBROKEN)
    lines = textwrap.wrap(text, columns, subsequent_indent="  ", break_on_hyphens=False)
    return [line.replace(UNBROKEN, " ") for line in lines] + [f"  {details.strip()}"] * bar
