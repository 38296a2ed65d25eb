"""What can go wrong, as a user is told of it.

OspreyError             an invoke Exit: printed without a traceback, then the exit code
├── Usage          1    the command line or the settings are wrong (Invoke's own code for that)
├── Unhealthy      2    the service is not what it should be
│   └── StillNeeded     a step was done, its patience is over, and nothing changed
├── Blocked        3    something that only a person can change is in the way
│   └── Busy            another changes the host
├── Unreachable    4    the host cannot be asked, or the connection to it was lost
├── Failed         5    a step was tried and did not work
└── Interrupted  130    Ctrl-C
"""

from __future__ import annotations

from collections.abc import Iterable

from invoke.exceptions import Exit


class OspreyError(Exit):
    """One clear line (`case`), then what was done so far, what was seen, and what to try next."""

    exit_code = 1

    def __init__(self, case: str, *, hint: str = "", evidence: str = "") -> None:
        super().__init__(case, self.exit_code)
        self.case, self.hint, self.evidence = case, hint, evidence
        self.done: tuple[str, ...] = ()
        self.host = ""
        self.printed = False

    def after(self, done: Iterable[str]) -> OspreyError:
        """The same error, which also tells what was done before it."""
        self.done += tuple(done)
        return self

    def __str__(self) -> str:
        lines = [f"{self.host}: {self.case}" if self.host else self.case]
        lines += [f"  | {line}" for line in self.evidence.splitlines() if line.strip()]
        if self.done:
            lines.append(f"  done so far: {'; '.join(self.done)}")
        if self.hint:
            lines.append(f"  try: {self.hint}")
        return "\n".join(lines)

    @property
    def message(self) -> str:
        """What Invoke prints: nothing once the console has printed it, where it stood in the output."""
        return "" if self.printed else str(self)

    @message.setter
    def message(self, _: str) -> None:
        """Exit's own initialiser sets this; the text is made from the parts instead."""


class Usage(OspreyError):
    """The command line or the settings are wrong."""


class Unhealthy(OspreyError):
    """The service is not what it should be."""

    exit_code = 2


class StillNeeded(Unhealthy):
    """A step was done, its patience is over, and a fresh look asks for it again."""


class Blocked(OspreyError):
    """Something that only a person can change is in the way."""

    exit_code = 3


class Busy(Blocked):
    """Another changes the host."""


class Unreachable(OspreyError):
    """The host cannot be asked, or the connection to it was lost."""

    exit_code = 4


class Failed(OspreyError):
    """A step was tried and did not work."""

    exit_code = 5


class Interrupted(OspreyError):
    """Ctrl-C."""

    exit_code = 130
