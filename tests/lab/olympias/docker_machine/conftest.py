"""docker-machine in a home of its own, with a machine in its store and fakes of VBoxManage and ssh."""

from __future__ import annotations

import shutil
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.lab.namespace import Network
from tests.lab.olympias.docker_machine import certs
from tests.lab.olympias.docker_machine.config import config
from tests.lab.olympias.docker_machine.create import FLAGS
from tests.lab.olympias.docker_machine.faked import NAME, STORE, User
from tests.lab.olympias.docker_machine.recordings import ADDRESS
from tests.lab.olympias.docker_machine.store import Machine, Store


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
def user(made: Path, network: Network) -> Iterator[User]:
    """The home with the machine, whose VM runs; its engine's port is one of the lab's network."""
    found = User(made)
    shutil.rmtree(found.kept)
    found.kept.mkdir()
    (found.store / "refused").unlink(missing_ok=True)
    found.is_so("state=running")
    with network.entered():
        yield found


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
