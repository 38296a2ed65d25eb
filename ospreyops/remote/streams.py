"""A running line that the tool talks to, on this computer or over SSH."""

from __future__ import annotations

import codecs
import io
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import IO, Any, Optional, Protocol

import invoke

from ..console import Lines
from .command import Answer

GRACE = 20
"""Seconds beyond a line's limit after which its connection is given up."""
LEFT = 1
"""Seconds that a line may take to end once nobody listens to it."""
LONGEST_GREETING = 1 << 20
"""Bytes that a login shell may say before a line begins."""
LONGEST = 1 << 20
"""Bytes of a line's errors that are read."""
OPTIONS: dict[str, Any] = {"warn": True, "pty": False, "in_stream": False, "echo": False, "dry": False}
"""How Invoke and Fabric run a line."""
HIDE = {(False, False): True, (True, False): "stderr", (False, True): "stdout", (True, True): False}
"""Invoke's word for the outputs of a line that nobody takes as they come."""


Streams = Mapping[str, IO[str]]
NOBODY: Streams = {}


def options(taken: Streams) -> dict[str, Any]:
    """How Invoke and Fabric run a line. taken: who takes its `out` and `err` as they come; nobody else gets them."""
    hide = HIDE["out" in taken, "err" in taken]
    return {**OPTIONS, "hide": hide, "out_stream": taken.get("out"), "err_stream": taken.get("err")}


class Stream(Protocol):
    """A running line. sock: a socket that is its standard input and its standard output."""

    sock: Any

    def finish(self) -> Answer:
        """End the line's input and wait until the line ends. `out` is empty: the socket has given it already."""

    def leave(self) -> None:
        """End the line's input, and wait for nothing."""


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

    def leave(self) -> None:
        """End the line's input. A process that nobody waits for would be left behind, ended, until the next one."""
        self.sock.close()
        threading.Thread(target=self._left, daemon=False).start()

    def _left(self) -> None:
        """Wait a moment for the end. The program waits for this thread, for a daemon might abort it (background.py)."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(LEFT)


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
            while len(err) < LONGEST and (part := self.sock.recv_stderr(65536)):
                err += part
            code: Optional[int] = self.sock.recv_exit_status() if self.sock.status_event.wait(GRACE) else None
        except (OSError, EOFError):
            code = None
        self.sock.close()
        return Answer(-1 if code is None else code, err=err.decode(errors="replace"))

    def leave(self) -> None:
        """Close the channel."""
        self.sock.close()


def listen(connection: Any, words: str, limit: float, taken: IO[str]) -> Answer:
    """What a line on another computer says until it ends. Fabric would look for that a hundred times a second.

    taken: gets its output as it comes; limit: seconds in which a channel must open.
    """
    stream = RemoteStream(connection, words, b"", limit)
    decoder, said = codecs.getincrementaldecoder("utf-8")("replace"), []
    while part := stream.sock.recv(65536):
        said.append(decoder.decode(part))
        taken.write(said[-1])
    return replace(stream.finish(), out="".join(said) + decoder.decode(b"", final=True))


class Begun:
    """A running line without what a login shell said before it: the line begins both of its outputs with a mark."""

    def __init__(self, stream: Stream, mark: str) -> None:
        self._stream, self._mark = stream, mark
        self.sock = _AfterMark(stream.sock, f"{mark}\n".encode())

    def finish(self) -> Answer:
        """End the line's input and wait until the line ends. A line that did not begin leaves all that was said."""
        ended = self._stream.finish()
        return replace(ended, err=after(self._mark, ended.err))

    def leave(self) -> None:
        """End the line's input, and wait for nothing."""
        self._stream.leave()


def after(mark: str, said: str) -> str:
    """What was said after a line with the mark; all of it without that line, or without a mark."""
    if not mark:
        return said
    before, found, rest = said.partition(f"{mark}\n")
    return rest if found else before


class ShownAfter(io.StringIO):
    """A file for the output of a line that is shown while it runs: what comes before a line with the mark is not."""

    def __init__(self, shown: Lines, mark: str) -> None:
        super().__init__()
        self._shown, self._mark, self._before, self._begun = shown, f"{mark}\n", "", False

    def write(self, text: str) -> int:
        """Show what the line says."""
        if not self._begun:
            before, mark, rest = (self._before + text).partition(self._mark)
            self._begun, self._before = bool(mark), before[-len(self._mark) :]
            return self._shown.write(rest) if rest else 0
        return self._shown.write(text)

    def end(self) -> None:
        """Show the last line, which had no end."""
        self._shown.end()


class _AfterMark:
    """A socket whose first bytes, up to a mark, are passed over."""

    def __init__(self, sock: Any, mark: bytes) -> None:
        self._sock, self._mark = sock, mark
        self._before: Optional[bytes] = b""
        self._rest = b""

    def recv(self, most: int) -> bytes:
        """Up to so many bytes; none at the end. Errors: OSError when there is too much before the mark."""
        passed = 0
        while self._before is not None:
            part = self._sock.recv(65536)
            passed += len(part)
            if not part:
                return b""
            if passed > LONGEST_GREETING:
                raise OSError("the login shell says too much")
            _, found, self._rest = (self._before + part).partition(self._mark)
            self._before = None if found else (self._before + part)[-len(self._mark) :]
        part, self._rest = self._rest[:most], self._rest[most:]
        return part or bytes(self._sock.recv(most))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


def _send(sock: Any, first: bytes) -> None:
    """Send what a line's input begins with. A line that has ended by then is no error yet: `finish` tells how."""
    with suppress(OSError):
        sock.sendall(first)


class Local(invoke.Local):
    """Invoke's runner, which stops waiting at Ctrl-C: the signal reaches limit.pl, too, and that ends the line."""

    def send_interrupt(self, interrupt: KeyboardInterrupt) -> None:
        """Raise the interrupt, as Fabric's remote runner does."""
        raise interrupt
