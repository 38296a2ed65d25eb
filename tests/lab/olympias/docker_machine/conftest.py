"""docker-machine in a home of its own, with a machine in its store and fakes of VBoxManage and ssh."""

from __future__ import annotations

import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.lab.olympias.docker_machine import certs
from tests.lab.olympias.docker_machine.create import FLAGS, config
from tests.lab.olympias.docker_machine.recordings import ADDRESS, Ended
from tests.lab.olympias.docker_machine.store import Machine, Store

FAKES = Path(__file__).with_name("fake")
NAME = "osprey-service"
STORE = ".docker/machine"


class User:
    """A user's home, and what the fakes keep."""

    def __init__(self, home: Path) -> None:
        self.home, self.kept, self.store = home, home / "fake", home / STORE
        self.kept.mkdir(exist_ok=True)
        self.env = {"HOME": str(home), "USER": "jmartin", "PATH": f"{FAKES}:/usr/bin:/bin", "FAKE": str(self.kept)}
        self.env["SHELL"] = "/bin/bash"

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start docker-machine, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "docker_machine", *words],
            cwd=FAKES.parents[1],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, stdin: str = "", limit: float = 30) -> Ended:
        """Run docker-machine; subprocess.TimeoutExpired if it is not done within the limit."""
        with self.start(*words) as process:
            try:
                out, err = process.communicate(stdin, timeout=limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        assert "Traceback" not in err, err
        return Ended(process.returncode, out, err)

    def is_so(self, *facts: str) -> None:
        """Let the fakes find these facts, like `hang`; a word with `=` writes a file."""
        for fact in facts:
            name, _, text = fact.partition("=")
            (self.kept / name).write_text(text)

    def calls(self) -> list[str]:
        """What VBoxManage and the guest were asked."""
        path = self.kept / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def refused(self) -> list[list[str]]:
        """The command lines that are not in the field book."""
        path = self.store / "refused"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a machine in its store, as `create` leaves it."""
    home = tmp_path_factory.mktemp("made") / "jmartin"
    store = Store(home / STORE)
    machine = Machine(store.root, config(store, NAME, dict(FLAGS)))
    machine.save()
    key = Path(machine.driver["SSHKeyPath"])
    key.touch(mode=0o600)
    certs.bootstrap(machine)
    certs.install(machine, ADDRESS)
    return home


@pytest.fixture
def user(made: Path) -> User:
    """The home with the machine, whose VM runs."""
    found = User(made)
    shutil.rmtree(found.kept)
    found.kept.mkdir()
    (found.store / "refused").unlink(missing_ok=True)
    found.is_so("state=running")
    return found


class Version(BaseHTTPRequestHandler):
    """An engine that knows its version only."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/v1.15/version" else 404)
        self.end_headers()
        self.wfile.write(b'{"Version": "20.10.24+dfsg1"}')

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Quiet(HTTPServer):
    """A server that says nothing of the connections that failed."""

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing."""


@pytest.fixture
def dockerd(user: User) -> Iterator[ssl.SSLContext]:
    """An engine that asks for the store's client certificate; a test may change whom it trusts."""
    folder = user.store / "machines" / NAME
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "server.pem", folder / "server-key.pem")
    context.load_verify_locations(folder / "ca.pem")
    server = Quiet((ADDRESS, 2376), Version)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield context
    server.shutdown()
    server.server_close()
