"""Who holds the lock of a host, and the line that goes on there, as the host tells them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Optional

from ..text import ago, ago_iso, ahead, parse_object

SHOWN = 100
"""Characters of a line that goes on which are shown."""
KINDS = {"who": str, "computer": str, "pid": int, "since": str, "task": str, "perl": int}


@dataclass(frozen=True)
class Holder:
    """Who holds the lock, as the holder's task wrote it into the lock's file.

    pid: of the task, on that computer; perl: the process on the host that holds the lock, 0 when it is not known.
    """

    who: str
    computer: str
    pid: int
    since: str
    task: str
    perl: int = 0

    def __str__(self) -> str:
        return f"{self.who}@{self.computer} (pid {self.pid}): {self.task}, begun {ago_iso(self.since)}"


@dataclass(frozen=True)
class RunningLine:
    """A line that goes on. holder: its task, and perl: the process that keeps its limit; None, 0 when nobody knows.

    since: epoch seconds; limit: seconds.
    """

    holder: Optional[Holder] = None
    text: str = "a line"
    since: int = 0
    limit: int = 0
    perl: int = 0

    def __str__(self) -> str:
        text = self.text if len(self.text) <= SHOWN else f"{self.text[:SHOWN]}…"
        whose = f"{self.holder or 'somebody'}, of which this line goes on: {text}"
        if not self.since:
            return whose
        return f"{whose} (begun {ago(self.since)}; ends {ahead(self.since + self.limit)} at the latest)"


def running_line(noted: str) -> RunningLine:
    """The line that guard.pl noted; of an unknown task where it could not."""
    numbers, holder, text = [*noted.split("\t", 2), "", "", ""][:3]
    row = re.fullmatch(r"([0-9]{1,11}) ([0-9]{1,9}) [0-9]+ ([0-9]{1,10})", numbers)
    if not row:
        return RunningLine()
    return RunningLine(holder_of(holder), text, int(row[1]), int(row[2]), int(row[3]))


def holder_of(text: str) -> Optional[Holder]:
    """The holder that the text of the lock's file names; None when it names none."""
    found = parse_object(text)
    told: dict[str, Any] = {key: found.get(key) for key in KINDS}
    fits = all(type(told[key]) is kind for key, kind in KINDS.items())
    return Holder(**told) if fits and told["pid"] >= 0 and told["perl"] >= 0 else None
