#!/usr/bin/python3 -IS
"""Stand-in for the Java server of one protocol version: server.py VERSION PORT [FAULT].

It must be light: an emulated processor runs it in the lab, where Python's own HTTP server takes thrice the time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

PACKAGE = "edu.duke.cs.osprey.service"
SANDER = "/opt/ambertools/bin/sander"
START_SECONDS = {"slow": 8.0, "never-ready": None}
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 411: "Length Required", 500: "Internal Server Error"}
HOSTILE = "\x1b]0;owned\x07\x1b[2J$(touch /tmp/owned)" + "[" * 3_000_000
"""What a hostile service answers and logs."""
JSON, HTML = "application/json; charset=UTF-8", "text/html; charset=UTF-8"


class RequestError(Exception):
    """A request that is answered with a status and why."""


def minimize(request: object) -> dict[str, object]:
    """Run `sander` for the asked number of seconds in a folder of its own."""
    seconds = request.get("seconds") if isinstance(request, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
        raise RequestError(400, "seconds: a number is needed")
    folder = f"/tmp/osprey-{os.urandom(8).hex()}"
    os.mkdir(folder)
    try:
        subprocess.run(["sander", str(seconds)], executable=SANDER, cwd=folder, check=True)
    finally:
        os.rmdir(folder)
    return {"type": f"{PACKAGE}.services.MinimizeResponse", "seconds": seconds}


class Handler(StreamRequestHandler):
    """Answers the requests of one connection, which the proxy makes."""

    server: Server
    wbufsize = -1
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer one request after the other until the proxy closes the connection."""
        while words := self.rfile.readline().split():
            method, path, *_ = words
            headers = dict(self.headers())
            try:
                status, kind, text = 200, *self.answer(method, path, headers)
            except RequestError as error:
                status, kind, text = error.args[0], JSON, json.dumps({"error": {"msg": error.args[1]}})
            body = text.encode()
            head = f"HTTP/1.1 {status} {REASONS[status]}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)
            self.wfile.flush()
            if status == 411:
                return

    def headers(self) -> Iterator[tuple[bytes, bytes]]:
        """The request's headers, their names in small letters."""
        while line := self.rfile.readline().strip():
            name, _, value = line.partition(b":")
            yield name.lower(), value.strip()

    def answer(self, method: bytes, path: bytes, headers: dict[bytes, bytes]) -> tuple[str, str]:
        """The content type and the text of what is asked for."""
        version = self.server.version
        if method == b"POST":
            if b"content-length" not in headers:
                raise RequestError(411, "Content-Length is needed")
            body = self.rfile.read(int(headers[b"content-length"]))
            if path == b"/minimize":
                return JSON, success(self.minimized(body))
        elif path == b"/about" and self.server.fault == "hostile":
            return JSON, HOSTILE
        elif path == b"/about":
            about = {"type": f"{PACKAGE}.services.AboutResponse", "name": "Osprey Service", "version": version}
            return JSON, success(about)
        elif path == b"/":
            return HTML, f"<html><body><h1>Osprey Service</h1><p>Version {version}</p></body></html>\n"
        raise RequestError(404, "Not found")

    @staticmethod
    def minimized(body: bytes) -> dict[str, object]:
        """What a calculation comes to."""
        try:
            return minimize(json.loads(body))
        except ValueError as error:
            raise RequestError(400, str(error)) from None
        except (OSError, subprocess.SubprocessError) as error:
            print(error, file=sys.stderr, flush=True)
            raise RequestError(500, "Internal server error") from None


def success(response: Mapping[str, object]) -> str:
    """A result, as the real server wraps it."""
    return json.dumps({"type": f"{PACKAGE}.ServiceResponse.Success", "response": response})


class Server(ThreadingTCPServer):
    """The server of one protocol version."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, version: str, port: int, fault: str) -> None:
        """Listen on the port; a server that hangs accepts connections and says nothing."""
        super().__init__(("127.0.0.1", port), Handler)
        self.version = version
        self.fault = fault

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer one connection."""
        if self.fault == "hangs":
            threading.Event().wait()
        super().finish_request(request, client_address)


def main(version: str, port: str, fault: str = "") -> None:
    """Take the time that a JVM takes to start, then serve for ever."""
    print(f"Starting Osprey Service v {version} on port {port} ...", flush=True)
    threading.Event().wait(START_SECONDS.get(fault, 0.5))
    if fault == "hostile":
        print(HOSTILE[:100_000], flush=True)
    Server(version, int(port), fault).serve_forever(poll_interval=60)  # nobody asks it to shut down


main(*sys.argv[1:])
