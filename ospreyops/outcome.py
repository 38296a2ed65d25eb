"""How a task ended on a host: a status, which is also the exit status, and a line that says it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Status(IntEnum):
    """The exit statuses of the command line."""

    OK = 0
    USAGE = 1
    UNHEALTHY = 2
    BLOCKED = 3
    UNREACHABLE = 4
    FAILED = 5
    INTERRUPTED = 130


@dataclass(frozen=True)
class Outcome:
    """How a task ended on a host. text: one line, for the summary of several hosts."""

    host: str
    status: Status
    text: str
