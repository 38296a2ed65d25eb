"""The engine over TLS: whether it may be reached, and which version it is; errors in Go's words."""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import re
import select
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

from .errors import Failure
from .store import Machine

HANDSHAKE_LIMIT = 20
CONNECT_LIMIT = 30
TICKET_LIMIT = 5
ADVICE = (
    "You can attempt to regenerate them using 'docker-machine regenerate-certs [name]'.\n"
    "Be advised that this will trigger a Docker daemon restart which might stop running containers.\n"
)
SIGNED_BY_OTHERS = (18, 19, 20, 21)
ALERTS = {"UNKNOWN_CA": "unknown certificate authority", "CERTIFICATE_EXPIRED": "expired certificate"}


class Rejected(Exception):
    """Why a connection could not be made, in Go's words."""


def check(machine: Machine, url: str) -> None:
    """Make one TLS connection, which under TLS 1.3 succeeds before the engine has judged the client."""
    address = urlsplit(url).netloc
    try:
        _connect(machine, address, HANDSHAKE_LIMIT, "tls: DialWithDialer timed out").close()
    except Rejected as rejected:
        raise Failure(
            "Error checking and/or regenerating the certs: "
            f'There was an error validating certificates for host "{address}": {rejected}\n{ADVICE}'
        ) from None


def version(machine: Machine, url: str) -> str:
    """The engine's version; connecting has a limit, its answer has none."""
    address = urlsplit(url).netloc
    request = f'Get "https://{address}/v1.15/version"'
    try:
        connection = _connect(machine, address, CONNECT_LIMIT, f"dial tcp {address}: i/o timeout")
    except Rejected as rejected:
        text = str(rejected)
        if text.startswith("open "):
            text = f"Unable to read TLS config: {text}"
        elif text.endswith("connection refused"):
            text = "Cannot connect to the docker engine endpoint"
        else:
            text = f"{request}: {text}"
        raise Failure(f"Unable to query docker version: {text}") from None
    with contextlib.closing(connection):
        try:
            _judged(connection.sock)
            connection.request("GET", "/v1.15/version")
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Failure(f"Unable to query docker version: {request}: {_cause(error, address)}") from None
    if answer.status != http.HTTPStatus.OK:
        raise Failure(f"Unable to query docker version: API error ({answer.status}): {text}")
    return str(json.loads(text)["Version"])


def _connect(machine: Machine, address: str, limit: float, too_late: str) -> http.client.HTTPSConnection:
    """A connection that has ended its handshake, with the store's certificates."""
    auth = machine.auth
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    for name in ("CaCertPath", "ClientCertPath", "ClientKeyPath"):
        try:
            with open(auth[name]):
                pass
        except OSError:
            raise Rejected(f"open {auth[name]}: no such file or directory") from None
    connection = http.client.HTTPSConnection(address, timeout=limit, context=context)
    try:
        context.load_verify_locations(auth["CaCertPath"])
        context.load_cert_chain(auth["ClientCertPath"], auth["ClientKeyPath"])
        connection.connect()
    except socket.timeout:
        raise Rejected(too_late) from None
    except OSError as error:
        raise Rejected(_cause(error, address)) from None
    host = address.split(":", maxsplit=1)[0]
    certificate: Any = connection.sock.getpeercert()
    named = [value for kind, value in certificate["subjectAltName"] if kind == "IP Address"]
    if host not in named:
        connection.close()
        raise Rejected(f"x509: certificate is valid for {', '.join(named)}, not {host}")
    return connection


def _judged(connection: ssl.SSLSocket) -> None:
    """Wait for what the engine says first, its session ticket or its refusal, then wait without limit."""
    select.select([connection], [], [], TICKET_LIMIT)
    connection.settimeout(0)
    with contextlib.suppress(ssl.SSLWantReadError):
        connection.recv(1)
    connection.settimeout(None)


def _cause(error: Exception, address: str) -> str:
    """An error in Go's words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        signed_by_others = error.verify_code in SIGNED_BY_OTHERS
        return "x509: certificate " + (
            "signed by unknown authority" if signed_by_others else "has expired or is not yet valid"
        )
    alert = re.search(r"ALERT_(\w+)", getattr(error, "reason", "") or "")
    if alert:
        return f"remote error: tls: {ALERTS.get(alert[1], alert[1].lower().replace('_', ' '))}"
    reasons = {errno.ECONNREFUSED: "connection refused", errno.EHOSTUNREACH: "no route to host"}
    number = error.errno if isinstance(error, OSError) else None
    return f"dial tcp {address}: connect: {reasons[number]}" if number in reasons else str(error)
