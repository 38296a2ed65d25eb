"""A running line that is talked to, on this computer or over SSH."""

from __future__ import annotations

import socket
import subprocess
import tempfile
from typing import IO, Any, Optional, Protocol

from .command import Answer

GRACE = 20
"""Seconds beyond a line's limit after which its connection is given up."""
PROMPT = "ospreyops-sudo-password:"


class Stream(Protocol):
    """A running line that is talked to: a socket on its standard input and output."""

    sock: Any

    def finish(self) -> Answer:
        """End its input and wait for its end; out is empty, for it was read from the socket."""


class LocalStream:
    """A line on this computer, talked to through a socket pair."""

    def __init__(self, words: str, first: bytes) -> None:
        self.sock, theirs = socket.socketpair()
        self._err: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by finish)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (the tool's own line)
                ["/bin/sh", "-c", words],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._err,
                start_new_session=True,
            )
        self.sock.sendall(first)

    def finish(self) -> Answer:
        """End its input and wait for its end; killed when that takes long."""
        self.sock.close()
        try:
            code = self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._err.seek(0)
        return Answer(code, err=self._err.read().decode(errors="replace"))


class RemoteStream:
    """A line on another computer, talked to through a channel of the connection that is already open."""

    def __init__(self, connection: Any, words: str, first: bytes, limit: float) -> None:
        self.sock = connection.transport.open_session(timeout=limit)
        self.sock.exec_command(words)
        self.sock.sendall(first)

    def finish(self) -> Answer:
        """End its input and wait for its end; the channel is closed when that takes long.

        Under the channel's lock, which paramiko's own way gives up too early: when the program ends by itself just
        then, the end of its input follows that of the channel, and OpenSSH hangs up.
        """
        self.sock.settimeout(GRACE)
        with self.sock.lock:
            if end := self.sock._send_eof():  # noqa: SLF001 (paramiko's shutdown_write, under the lock)
                self.sock.transport._send_user_message(end)  # noqa: SLF001 (the same)
        err = b""
        try:
            while part := self.sock.recv_stderr(65536):
                err += part
            code: Optional[int] = self.sock.recv_exit_status() if self.sock.status_event.wait(GRACE) else None
        except (OSError, EOFError):
            code = None
        self.sock.close()
        return Answer(-1 if code is None else code, err=err.decode(errors="replace").replace(PROMPT, ""))
