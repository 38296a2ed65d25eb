"""A shell line as a value, and its answer. Values are quoted into lines here and nowhere else."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional, Protocol

VBOX_TRAILER = re.compile("VBoxManage: error: (Details|Context): ")
VALUE = re.compile(r"(?<![$%])\{(\w+)\}")


@dataclass(frozen=True)
class Vain:
    """A question is in vain once the one of this name, asked beside it, has ended well and printed this pattern."""

    name: str
    pattern: str

    def __str__(self) -> str:
        return f"{self.name} {self.pattern}"

    def shown(self, answers: Mapping[str, Answer]) -> bool:
        """The answers show it."""
        teller = answers[self.name]
        return teller.ok and bool(re.search(self.pattern, teller.out, re.MULTILINE))


@dataclass(frozen=True)
class Command:
    """One shell line as an operator would type it, and how long it may take.

    limit: seconds, kept on the host, so that nothing goes on for ever when the connection is lost.
    sudo: the line runs as root.
    own: what nobody else may change, or a line with more rights than the login user's does not begin; "" for nothing.
    shared: the beginning of a question that other questions have, too: one shell runs that once, and then all of them.
    vain: when the question is ended before its time is over.
    """

    line: str
    limit: float
    sudo: bool = False
    own: str = ""
    shared: str = ""
    vain: Optional[Vain] = None

    def __str__(self) -> str:
        if not self.sudo:
            return self.line
        compound = re.search(r"[;&|<>~$*?`]|^(cd|for|if) ", self.line)
        return f"sudo sh -c {shlex.quote(self.line)}" if compound else f"sudo {self.line}"

    def perform(self, host: Runs) -> None:
        """Run the line on the host. Errors: Failed when it does not exit with 0 in time."""
        host.run(self)


@dataclass(frozen=True)
class Answer:
    """What a shell line said. late: it was ended because its time was over."""

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
        """Its standard error if there is any, else its standard output."""
        return (self.err.strip() or self.out.strip()) if not self.late else "it did not end in time"

    @property
    def first_line(self) -> str:
        """The first of its last words."""
        return (self.said.splitlines() or ["it printed nothing"])[0]

    @property
    def last_line(self) -> str:
        """The last of its last words; VBoxManage's are followed by where in VirtualBox it happened."""
        lines = [line for line in self.said.splitlines() if not VBOX_TRAILER.search(line)]
        return (lines or ["it printed nothing"])[-1]


class Runs(Protocol):
    """What runs a line."""

    def run(self, command: Command) -> Answer:
        """Run a line that changes something. Errors: Failed."""


def sh(template: str, *, limit: float, sudo: bool = False, own: str = "", **values: object) -> Command:
    """A Command from a template whose {values} are quoted; `${x}`, `%{x}` and `{ x; }` stay as they are."""
    return Command(VALUE.sub(lambda found: quote(str(values[found[1]])), template), limit, sudo, own)


def quote(text: str) -> str:
    """The text as one shell word. A leading `~/` still means the home folder of the user who runs the line."""
    if text in ("~", "~/"):
        return text
    return "~/" + shlex.quote(text[2:]) if text.startswith("~/") else shlex.quote(text)
