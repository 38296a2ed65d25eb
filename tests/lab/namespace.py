"""A network of the lab's own: no port of this machine is taken in it, and it takes no port of this machine."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterator

HERE = "/proc/thread-self/ns/net"
CLONE_NEWNET = 0x40000000


class Network:
    """A network namespace with a loopback and nothing else; it ends with the last process that is in it."""

    def __init__(self) -> None:
        """Make the network; this thread stays where it is."""
        self._machine = os.open(HERE, os.O_RDONLY)
        with _returning():
            _call("unshare", CLONE_NEWNET)
            self._own = os.open(HERE, os.O_RDONLY)
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """This thread is in the network for as long as the block lasts, with all that it starts there."""
        with _returning():
            _call("setns", self._own, CLONE_NEWNET)
            yield

    @contextlib.contextmanager
    def left(self) -> Iterator[None]:
        """This thread is in the machine's network for as long as the block lasts: Debian's packages come from there."""
        with _returning():
            _call("setns", self._machine, CLONE_NEWNET)
            yield

    def close(self) -> None:
        """Hold the network no longer."""
        os.close(self._own)
        os.close(self._machine)


@contextlib.contextmanager
def _returning() -> Iterator[None]:
    """This thread goes back to the network that it is in."""
    before = os.open(HERE, os.O_RDONLY)
    try:
        yield
    finally:
        _call("setns", before, CLONE_NEWNET)
        os.close(before)


def _call(name: str, *arguments: int) -> None:
    """Make a call of the C library that Python has from 3.12 on. Errors: OSError."""
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")
