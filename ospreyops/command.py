"""A shell line as a value, what it says, and the only place where values are quoted into one."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .site import Site

VALUE = re.compile(r"(?<![$%])\{(\w+)\}")
ETIME = r"((?:\d+-)?(?:\d+:)?\d+:\d+)"
"""How ps prints since when a process runs: [[dd-]hh:]mm:ss."""


@dataclass(frozen=True)
class Command:
    """One shell line as an operator would type it, and how long it may take.

    limit: seconds, enforced on the host, so that a lost connection leaves nothing running for ever.
    sudo: the line runs as root.
    """

    line: str
    limit: float
    sudo: bool = False

    def __str__(self) -> str:
        if not self.sudo:
            return self.line
        compound = re.search(r"[;&|<>~$*?`]|^(cd|for|if) ", self.line)
        return f"sudo sh -c {shlex.quote(self.line)}" if compound else f"sudo {self.line}"

    def perform(self, site: Site) -> None:
        """Run the line on the site's host; Failed when it exits non-zero."""
        site.host.run(self)


@dataclass(frozen=True)
class Answer:
    """What a shell line said. late: it was ended, because it ran past its limit."""

    code: int
    out: str = ""
    err: str = ""
    late: bool = False

    @property
    def ok(self) -> bool:
        """The line exited with 0, in time."""
        return self.code == 0 and not self.late

    @property
    def said(self) -> str:
        """Its last words: standard error if there is any, else standard output."""
        return (self.err.strip() or self.out.strip()) if not self.late else "it did not end in time"


def sh(template: str, *, limit: float, sudo: bool = False, **values: object) -> Command:
    """A Command from a template whose {values} are quoted; `${x}`, `%{x}` and `{ x; }` stay as they are."""
    return Command(VALUE.sub(lambda found: quote(str(values[found[1]])), template), limit, sudo)


def quote(text: str) -> str:
    """One shell word; a leading `~/` still means the home folder of who runs the line."""
    if text in ("~", "~/"):
        return text
    return "~/" + shlex.quote(text[2:]) if text.startswith("~/") else shlex.quote(text)


def elapsed(etime: str) -> int:
    """The seconds of a text that ETIME matches."""
    days, _, clock = etime.rpartition("-")
    seconds = 0
    for part in clock.split(":"):
        seconds = seconds * 60 + int(part)
    return int(days or 0) * 86400 + seconds
