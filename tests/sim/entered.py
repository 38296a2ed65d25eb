"""A simulated host whose containers can be entered: a line runs in a shell of this computer."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ospreyops.remote.command import Command, quote
from ospreyops.remote.protocol import new_mark, with_timeout
from ospreyops.remote.streams import Begun, LocalStream

if TYPE_CHECKING:
    from tests.sim.host import SimHost

DOCKER = """#!/bin/sh
[ "$1 $2" = "exec -i" ] || exit 125
container=$3
shift 3
exec env CONTAINER=$container "$@"
"""
"""docker, as far as `docker exec -i` goes: what it runs knows in which container."""


def enter(host: SimHost, folder: Path) -> Entered:
    """Have the host's containers entered; the folder is for a docker command."""
    folder.mkdir()
    program = folder / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    entered = Entered(folder)
    any_host: Any = host
    any_host.stream, any_host.shell = entered.stream, entered.shell
    return entered


@dataclass
class Entered:
    """What was run in containers. commands: each, as the host got it; status: of a shell.

    lingers: the way there stays open until the input ends, as that through some sudos does.
    """

    folder: Path
    commands: list[Command] = field(default_factory=list)
    shells: list[Command] = field(default_factory=list)
    status: int = 0
    lingers: bool = False

    def stream(self, command: Command) -> Begun:
        """Run a line, as Host.stream does."""
        self.commands.append(command)
        mark = new_mark()
        words = with_timeout(command, mark)
        if self.lingers:
            words = f"sh -c {quote(words)}; r=$?; cat >/dev/null; exit $r"
        return Begun(LocalStream(f"PATH={self.folder}:$PATH; export PATH; {words}", b""), mark)

    def shell(self, command: Command) -> int:
        """Note a shell."""
        self.shells.append(command)
        return self.status
