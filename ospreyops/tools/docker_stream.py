"""HTTP over a stream to the engine: what the docker SDK asks and gets, with nothing that dials."""

from __future__ import annotations

import http.client
import io
from typing import Any
from urllib.parse import urlencode, urlsplit

import docker
import requests

from ..remote.streams import Stream

LIMIT = 15
"""Seconds that one answer may take."""
NOBODY = "http://localhost:1"
"""The address that the SDK is given. Nothing connects to it."""


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


class Channel(http.client.HTTPConnection):
    """An HTTP connection whose socket is a stream, which is connected already, and once."""

    auto_open = 0

    def __init__(self, stream: Stream) -> None:
        super().__init__("localhost")
        self.sock: Any = SocketFile(stream.sock)
        self.sock.settimeout(LIMIT)


class Client(docker.APIClient):
    """The SDK, which gets its answers over a channel. Errors: those of the SDK, HTTPException, OSError."""

    def __init__(self, channel: Channel, version: str) -> None:
        super().__init__(base_url=NOBODY, version=version)
        self._channel = channel

    def get(self, url: Any, *, params: Any = None, **_: Any) -> requests.Response:
        """What the engine answers to GET. Requests itself takes four times as long for it."""
        given = urlencode({name: value for name, value in (params or {}).items() if value is not None})
        self._channel.request("GET", f"{urlsplit(url).path}?{given}")
        answer = self._channel.getresponse()
        found = requests.Response()
        found.status_code, found.reason, found.encoding = answer.status, answer.reason, "utf-8"
        found.raw = io.BytesIO(answer.read())
        return found
