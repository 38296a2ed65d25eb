"""The login sessions of a simulated host, and what it does to the processes that one leaves."""

from __future__ import annotations

from dataclasses import dataclass

from ospreyops.errors import Unreachable
from ospreyops.remote.command import Answer

ASKED = ("left", "lasts", "kills", "rootless")
"""The questions about what a session leaves."""


@dataclass
class SimSessions:
    """The sessions so far: `number` is that of the current one.

    ends: who ends what a session leaves in its scope, "logind" or another one; rootless: Docker is the user's own.
    late: the end of a session reaches the next one, too.
    """

    ends: str = ""
    rootless: bool = False
    late: bool = False
    number: int = 1
    kept: bool = False
    left_in: int = 0
    scoped: bool = False

    def answer(self, name: str, line: str) -> Answer:
        """What the host answers to a question about what a session leaves."""
        if name == "left":
            self.left_in, self.scoped = self.number, "nohup systemd-run --scope setsid perl" in line
            return Answer(0, "4711\n")
        if name == "lasts":
            assert self.number > self.left_in > 0, "that the session which left it has ended is what is tried"
            if self.late and self.number == self.left_in + 1:
                raise Unreachable("the connection to sim was lost")
            return Answer(1 if self.ends and not self.scoped else 0)
        said = {"kills": f"b {str(self.ends == 'logind').lower()}\n", "rootless": "Linger=no\n" * self.rootless}
        return Answer(0, said[name])

    def keep(self) -> None:
        """A lock is held over the current one."""
        self.kept = True

    def renew(self) -> None:
        """The next one begins."""
        self.number += 1

    def release(self) -> None:
        """No lock is held over one."""
        self.kept = False
