#!/usr/bin/python3 -IS
"""Stand-in for the Java server of one protocol version: server.py VERSION PORT [FAULT]."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PACKAGE = "edu.duke.cs.osprey.service"
SANDER = "/opt/ambertools/bin/sander"
START_SECONDS = {"slow": 8.0, "never-ready": None}


class RequestError(Exception):
    """A request that the service cannot understand."""


def minimize(request: object) -> dict[str, object]:
    """Run `sander` for the asked number of seconds in a folder of its own."""
    seconds = request.get("seconds") if isinstance(request, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
        raise RequestError("seconds: a number is needed")
    with tempfile.TemporaryDirectory(prefix="osprey-") as folder:
        subprocess.run(["sander", str(seconds)], executable=SANDER, cwd=folder, check=True)
    return {"type": f"{PACKAGE}.services.MinimizeResponse", "seconds": seconds}


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer the pages that only tell name and version."""
        version = self.server.version
        if self.path == "/about":
            name = "Osprey Service"
            self.succeed({"type": f"{PACKAGE}.services.AboutResponse", "name": name, "version": version})
        elif self.path == "/":
            page = f"<html><body><h1>Osprey Service</h1><p>Version {version}</p></body></html>\n"
            self.answer(200, "text/html; charset=UTF-8", page)
        else:
            self.fail(404, "Not found")

    def do_POST(self) -> None:
        """Answer a calculation."""
        if "Content-Length" not in self.headers:
            self.close_connection = True
            self.fail(411, "Content-Length is needed")
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path != "/minimize":
            self.fail(404, "Not found")
            return
        try:
            self.succeed(minimize(json.loads(body)))
        except (RequestError, ValueError) as error:
            self.fail(400, str(error))
        except (OSError, subprocess.SubprocessError) as error:
            self.log_error("%s", error)
            self.fail(500, "Internal server error")

    def succeed(self, response: dict[str, object]) -> None:
        """Send a result."""
        text = json.dumps({"type": f"{PACKAGE}.ServiceResponse.Success", "response": response})
        self.answer(200, "application/json; charset=UTF-8", text)

    def fail(self, status: int, message: str) -> None:
        """Send an error."""
        self.answer(status, "application/json; charset=UTF-8", json.dumps({"error": {"msg": message}}))

    def answer(self, status: int, kind: str, text: str) -> None:
        """Send one whole answer."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Keep requests out of the log, as the real server does."""


class Server(ThreadingHTTPServer):
    """The server of one protocol version."""

    request_queue_size = 1024

    def __init__(self, version: str, port: int, hangs: bool) -> None:
        """Listen on the port; a server that hangs accepts connections and says nothing."""
        super().__init__(("127.0.0.1", port), Handler)
        self.version = version
        self.hangs = hangs

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer one connection."""
        if self.hangs:
            threading.Event().wait()
        super().finish_request(request, client_address)


def main(version: str, port: str, fault: str = "") -> None:
    """Take the time that a JVM takes to start, then serve for ever."""
    print(f"Starting Osprey Service v {version} on port {port} ...", flush=True)
    threading.Event().wait(START_SECONDS.get(fault, 0.5))
    Server(version, int(port), fault == "hangs").serve_forever()


main(*sys.argv[1:])
