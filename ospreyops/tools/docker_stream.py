"""HTTP over a stream to the engine: what the docker SDK sends and reads, with nothing that dials."""

from __future__ import annotations

import io
from typing import Any

import requests.adapters
import urllib3.connection
import urllib3.connectionpool

from ..remote.streams import Stream

LIMIT = 15
"""Seconds that one answer may take."""


class Reader(io.RawIOBase):
    """Reads from a socket."""

    def __init__(self, sock: Any) -> None:
        super().__init__()
        self._sock = sock

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what the socket has."""
        part = self._sock.recv(len(buffer))
        buffer[: len(part)] = part
        return len(part)


class SocketFile:
    """A socket with a plain file: paramiko's own raises when the program ends in the middle of a read."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        """The file that reads from it."""
        return io.BufferedReader(Reader(self._sock))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class Channel(urllib3.connection.HTTPConnection):
    """An HTTP connection whose socket is a stream."""

    def __init__(self, *args: Any, stream: Stream, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stream = stream

    @property
    def is_connected(self) -> bool:
        """Always: what waits to be read may be sudo's prompt on standard error, which is no sign of an end."""
        return True

    def connect(self) -> None:
        """Use the stream, which is connected already."""
        self.sock = SocketFile(self._stream.sock)
        self.sock.settimeout(LIMIT)


class Pool(urllib3.connectionpool.HTTPConnectionPool):
    """A pool of one connection."""

    def __init__(self, stream: Stream) -> None:
        super().__init__("localhost", maxsize=1, block=True)
        self._stream = stream

    def _new_conn(self) -> Channel:
        return Channel(self.host, self.port, stream=self._stream)


class Adapter(requests.adapters.HTTPAdapter):
    """Sends the SDK's requests to the pool, whatever address they name."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._pool = Pool(stream)

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> Pool:
        """The pool."""
        return self._pool

    def request_url(self, request: Any, proxies: Any) -> Any:
        """The path alone: nothing connects to the address."""
        return request.path_url
