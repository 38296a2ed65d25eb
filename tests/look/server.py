"""A service to ask: a real TLS server with any answers, and certificates made by openssl."""

from __future__ import annotations

import contextlib
import functools
import json
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Callable, Optional

Pages = Callable[[str], Iterable[bytes]]
SUBJECT = "/O=Osprey/CN=osprey.service/emailAddress=osprey@cs.duke.edu"
ABOUT = "Osprey service running! Supported service versions: "
OVER = threading.Event()
CA = """[ca]\ndefault_ca=it\n[it]\ndatabase=index\nrand_serial=1\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any
[any]\nO=supplied\nCN=supplied\nemailAddress=supplied\n"""


def page(body: str | bytes, status: int = 200) -> list[bytes]:
    """A whole answer."""
    data = body.encode() if isinstance(body, str) else body
    return [f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\n\r\n".encode(), data]


def good(version: str) -> list[bytes]:
    """What the Java server of a version answers (field book: osprey-release, 5)."""
    return page(json.dumps({"type": "Success", "response": {"name": "Osprey Service", "version": version}}))


def drip(*whole: bytes) -> Iterator[bytes]:
    """An answer that comes byte by byte, or not at all, and never ends."""
    for byte in b"".join(whole):
        yield bytes([byte])
        OVER.wait(0.3)
    OVER.wait()


def service(*versions: str, about: Optional[Iterable[bytes]] = None, **odd: Iterable[bytes]) -> Pages:
    """The proxy and its Java servers; odd: what some versions answer (`v0_3`)."""
    known = {"/about": about or page(ABOUT + ", ".join(f"v{version}" for version in versions))}
    for version in versions:
        known[f"/v{version}/about"] = odd.get(f"v{version.replace('.', '_')}", good(version))
    return lambda path: known.get(path, page("", 404))


class Server(socketserver.ThreadingTCPServer):
    """A server on a free port of this computer; plain HTTP without a certificate."""

    daemon_threads, request_queue_size = True, 50

    def __init__(self, pages: Pages, certificate: Optional[Path]) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.url = f"https://127.0.0.1:{self.server_address[1]}"
        self.pages, self.tls = pages, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if certificate else None
        if self.tls and certificate:
            self.tls.load_cert_chain(certificate, certificate.with_name("key.pem"))
        threading.Thread(target=self.serve_forever, args=[0.01], daemon=True).start()

    def server_close(self) -> None:
        self.shutdown()
        super().server_close()

    def finish_request(self, request: Any, client_address: object) -> None:
        with contextlib.suppress(OSError):
            stream = self.tls.wrap_socket(request, server_side=True) if self.tls else request
            with stream:
                path = [*stream.recv(65536).decode("latin-1").split(), "", ""][1]
                for part in self.pages(path):
                    stream.sendall(part)


def make_certificates(folder: Path) -> Path:
    """Certificates made by openssl, all with the same key."""
    make = functools.partial(subprocess.run, shell=True, cwd=folder, check=True, capture_output=True)
    new = "openssl req -new -key key.pem -days 1"
    make(f"openssl genrsa -out key.pem 2048 && {new} -x509 -out good.pem -subj {SUBJECT}")
    make(f"{new} -x509 -out other.pem -subj /O=Lab/CN=olympias && {new} -x509 -out nameless.pem -subj /O=Osprey")
    for name, authority in (("ca", "other"), ("impostor", "good")):
        sign = f"openssl x509 -req -days 1 -in request -CA {authority}.pem -CAkey key.pem -CAcreateserial"
        make(f"{new} -subj /O=Web/CN=grisman-36 -out request && {sign} -out {name}.pem")
    (folder / "ca.cnf").write_text(CA)
    sign = "openssl ca -batch -notext -config ca.cnf -selfsign -keyfile key.pem -in request"
    day = "-startdate 20210901000000Z -enddate 20210902000000Z"
    make(f"{new} -subj {SUBJECT} -out request && touch index && echo 01 >serial && {sign} {day} -out expired.pem")
    return folder
