"""A simulated host that notes whose the last line was to be."""

from __future__ import annotations

from dataclasses import replace

from ospreyops.remote.command import Answer, Command
from ospreyops.remote.streams import LocalStream
from tests.sim.host import SimHost


class Noting(SimHost):
    """A host that does as the user what is to be done as root. as_root: the last line was."""

    as_root = False

    def run(self, command: Command) -> Answer:
        """Change as the line would change a host."""
        self.as_root = command.sudo
        return super().run(replace(command, sudo=False))

    def stream(self, command: Command) -> LocalStream:
        """Run a line that is talked to."""
        self.as_root = command.sudo
        return super().stream(replace(command, sudo=False))
