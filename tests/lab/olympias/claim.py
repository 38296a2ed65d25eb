"""Who holds olympias: one process of this machine at a time."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import Optional

from tests.lab.olympias import network
from tests.lab.wait import until

NAME = f"\0ospreyops-{network.SPACE}"
"""A socket's name that only one process can have, and that ends with it."""
LIMIT = 600


class Claim:
    """A claim on olympias; it ends with the process that has it."""

    def __init__(self) -> None:
        """Describe a claim that is not taken yet."""
        self._socket: Optional[socket.socket] = None

    def take(self) -> bool:
        """Hold olympias until this process ends; false when another process holds it."""
        taken = socket.socket(socket.AF_UNIX)
        try:
            taken.bind(NAME)
        except OSError:
            taken.close()
            return False
        self._socket = taken
        return True

    def wait(self) -> None:
        """Hold olympias, as soon as no other process does."""
        if not self.take():
            print("another process of this machine holds olympias: waiting for its end", file=sys.stderr)
            until(self.take, "olympias (`make lab-clean` ends the one of `make lab`)", LIMIT)

    def leave(self) -> None:
        """Leave the claim to a process of olympias, which ends with it."""
        words = ["nsenter", f"--net={network.NAMESPACE}", "sleep", "infinity"]
        null = subprocess.DEVNULL
        claim = [self._socket.fileno()] if self._socket else []
        subprocess.Popen(words, stdin=null, stdout=null, stderr=null, pass_fds=claim, start_new_session=True, cwd="/")

    def free(self) -> None:
        """Give olympias up."""
        if self._socket:
            self._socket.close()
