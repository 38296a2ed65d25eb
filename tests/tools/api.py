"""An engine that answers Docker's API as it is told to."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ospreyops.facts.engine import EngineFacts
from ospreyops.remote.command import Answer, Command
from ospreyops.tools.docker_api import read_engine

DIGEST = f"sha256:{'03' * 32}"
LAYER = f"sha256:{'01' * 32}"
GOOD: dict[str, Any] = {
    "/version": {"ApiVersion": "1.45", "MinAPIVersion": "1.24", "Arch": "amd64"},
    "/images/json": [
        {"Id": DIGEST, "Created": 1, "Size": 2, "RepoTags": ["osprey/service:0.3"], "Labels": {"a": "b"}},
        {"Id": DIGEST, "Created": 1, "Size": 2, "RepoTags": ["<none>:<none>"], "Labels": None},
    ],
    "/images/ID/json": {"Architecture": "amd64", "RootFS": {"Type": "layers", "Layers": [LAYER]}},
    "/containers/json": [
        {"Id": "c1", "Names": ["/osprey-service"], "ImageID": DIGEST},
        {"Id": "d1", "Names": ["/db"], "ImageID": "sha256:db"},
    ],
    "/containers/ID/json": {
        "Id": "c1" * 32,
        "Name": "/osprey-service",
        "Image": DIGEST,
        "Config": {"Image": "osprey/service:0.3"},
        "State": {"Status": "running", "StartedAt": "2026-01-01T00:00:00.1Z", "Pid": 7},
        "NetworkSettings": {"Ports": {"44342/tcp": [{"HostIp": "0.0.0.0", "HostPort": "44342"}]}},
        "HostConfig": {"AutoRemove": True},
    },
    "/containers/ID/top": {"Processes": [["1", "0", "init"], ["2", "1", "java"], ["3", "2", "sander"]]},
    "/info": {"SecurityOptions": ["name=seccomp"]},
}


class Engine:
    """An engine at the other end of a stream. answers: path, with an ID in it, -> the whole HTTP response.

    last: the path after which it hangs up.
    """

    def __init__(self, answers: Mapping[str, bytes], last: str = "") -> None:
        self.sock, self._theirs = socket.socketpair()
        self._answers, self._last = answers, last
        threading.Thread(target=self._serve, daemon=True).start()

    def stream(self, line: Command) -> Engine:
        return self

    def leave(self) -> None:
        self.sock.close()

    def finish(self) -> Answer:
        self.sock.close()
        return Answer(0)

    def _serve(self) -> None:
        """Answer each request; who asks may hang up at any time."""
        with suppress(OSError), self._theirs, self._theirs.makefile("rwb") as file:
            while asked := file.readline():
                while file.readline().strip():
                    pass
                path = re.sub(
                    r"^(/v[\d.]+)?(/\w+)/[^/]+/(json|top)$", r"\2/ID/\3", asked.split()[1].decode().split("?")[0]
                )
                path = re.sub(r"^/v[\d.]+", "", path)
                file.write(self._answers.get(path, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))
                file.flush()
                if path == self._last:
                    return


def response(body: str) -> bytes:
    """The HTTP response with that body."""
    data = body.encode(errors="replace")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    return head + b"Content-Length: %d\r\n\r\n%b" % (len(data), data)


RESPONSES = {path: response(json.dumps(answer)) for path, answer in GOOD.items()}


def read(answers: dict[str, Any]) -> EngineFacts:
    """What the tool reads of an engine that gives these answers: path -> JSON."""
    return read_raw({path: response(json.dumps(answer)) for path, answer in answers.items()})


def read_raw(answers: Mapping[str, bytes], last: str = "") -> EngineFacts:
    """What the tool reads of an engine that gives these HTTP responses, and hangs up after the last."""
    engine: Any = Engine(answers, last)
    return read_engine(engine, Command("docker system dial-stdio", 5))
