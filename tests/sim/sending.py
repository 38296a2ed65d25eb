"""A simulated host that files are sent to: they really arrive, in a folder of this computer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from ospreyops.remote.command import Answer, Command
from tests.sim.host import SimHost
from tests.sim.mac import SimMac

INCOMING = "/.incoming"
ID = f"sha256:{'1d' * 32}"
"""What the gate says of the image in a part."""
QUESTIONS = ("sum", "names", "listing")
"""What is asked of a file that arrives, or did."""


class Receiving(SimHost):
    """A host whose `.incoming` is real: sizes, sums and members are those of what was sent."""

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """Real answers about what arrives, simulated ones about all else."""
        real = {name: one for name, one in questions.items() if name in QUESTIONS and INCOMING in one.line}
        rest = {name: one for name, one in questions.items() if name not in real}
        simulated = super().ask(rest, sudo=sudo) if rest else {}
        return {**simulated, **{name: self.really(one) for name, one in real.items()}}

    def run(self, command: Command) -> Answer:
        """Change as the line would change a server; what arrives is moved and removed."""
        if INCOMING not in command.line:
            gate = f"gate: image {ID}\n" if "layers.tar.bz2" in command.line else ""
            return replace(super().run(command), err=gate)
        if "tar -xof" in command.line:
            answer = super().run(command)
            for archive in re.findall(rf"\S+{INCOMING}/\S+\.tar\b", command.line)[:1]:
                self.really(Command(f"rm -f {archive}", 5))
            return answer
        self.before_run(command.line)
        self.ran.append(str(command))
        return self.really(command)


class Receiver(Receiving):
    """A server that files are sent to."""


class MacReceiver(Receiving, SimMac):
    """A Mac that files are sent to."""
