"""A running line that the tool talks to, on this computer or over SSH."""

from __future__ import annotations

import socket
import subprocess
import tempfile
from contextlib import suppress
from typing import IO, Any, Optional, Protocol

import invoke

from .command import Answer

GRACE = 20
"""Seconds beyond a line's limit after which its connection is given up."""
OPTIONS: dict[str, Any] = {"warn": True, "pty": False, "in_stream": False, "echo": False, "dry": False, "hide": True}
"""How Invoke and Fabric run a line; what the line says goes to nobody else."""


class Stream(Protocol):
    """A running line. sock: a socket that is its standard input and its standard output."""

    sock: Any

    def finish(self) -> Answer:
        """End the line's input and wait until the line ends. `out` is empty: the socket has given it already."""


class LocalStream:
    """A line on this computer, with a socket pair."""

    def __init__(self, words: str, first: bytes) -> None:
        """Start the line. first: what its input begins with."""
        self.sock, theirs = socket.socketpair()
        self._err: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (finish closes it)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (the tool's own line)
                ["/bin/sh", "-c", words],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._err,
                start_new_session=True,
            )
        _send(self.sock, first)

    def finish(self) -> Answer:
        """End the line's input and wait until the line ends. It is killed after the grace."""
        self.sock.close()
        try:
            code = self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        with self._err:
            self._err.seek(0)
            return Answer(code, err=self._err.read().decode(errors="replace"))


class RemoteStream:
    """A line on another computer, with a channel of the connection that is open already."""

    def __init__(self, connection: Any, words: str, first: bytes, limit: float) -> None:
        """Start the line. first: what its input begins with; limit: seconds in which the channel must open."""
        self._transport = connection.transport
        self.sock = self._transport.open_session(timeout=limit)
        self.sock.exec_command(words)
        _send(self.sock, first)

    def finish(self) -> Answer:
        """End the line's input and wait until the line ends. The channel is closed after the grace.

        The code is -1 when the line's exit status did not arrive.
        """
        self.sock.settimeout(GRACE)
        self._transport.end_input(self.sock)
        err = b""
        try:
            while part := self.sock.recv_stderr(65536):
                err += part
            code: Optional[int] = self.sock.recv_exit_status() if self.sock.status_event.wait(GRACE) else None
        except (OSError, EOFError):
            code = None
        self.sock.close()
        return Answer(-1 if code is None else code, err=err.decode(errors="replace"))


def _send(sock: Any, first: bytes) -> None:
    """Send what a line's input begins with. A line that has ended by then is no error yet: `finish` tells how."""
    with suppress(OSError):
        sock.sendall(first)


class Local(invoke.Local):
    """Invoke's runner, which stops waiting at Ctrl-C: the signal reaches limit.pl, too, and that ends the line."""

    def send_interrupt(self, interrupt: KeyboardInterrupt) -> None:
        """Raise the interrupt, as Fabric's remote runner does."""
        raise interrupt
