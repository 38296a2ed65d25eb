"""Tell a program or a web server of the maintainer's what the watchdog found, repaired and gave up."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
from contextlib import closing
from typing import Any, Optional
from urllib.parse import unquote, urlsplit

import certifi

from ..change.site import Site
from ..errors import OspreyError
from ..remote.background import Background
from ..remote.command import sh

LIMIT = 30
"""Seconds for all of it, whatever the server does."""


def tell(site: Site, event: dict[str, Any]) -> None:
    """Give the event, one JSON object, to `osprey.notify`: to a program's standard input, or posted to a URL.

    The program runs where this one does; root runs none that others may change. When it fails, that is printed, and
    healing goes on.
    """
    to = site.settings.notify
    if not to:
        return
    told = {"host": socket.gethostname() if site.settings.here else site.name, **event}
    try:
        if "://" in to.reveal():
            Background(lambda: post(to.reveal(), told)).wait(LIMIT)
        else:
            words = to.reveal()
            own = words if words.startswith(("/", "~/")) else ""
            line = sh("printf '%s\\n' {told} | {program}", told=json.dumps(told), program=to, limit=LIMIT, own=own)
            site.here().run(line)
    except (OSError, ValueError, http.client.HTTPException, OspreyError) as error:
        site.console.dim(f"osprey.notify ({to}) did not take it: {_case(error)}")


def _case(error: Exception) -> str:
    """What went wrong. A server may say back what it was sent, and the token is a part of that."""
    if isinstance(error, OspreyError):
        return error.case
    said = "" if isinstance(error, http.client.HTTPException) else str(error)
    return said or type(error).__name__


def post(url: str, told: dict[str, Any]) -> None:
    """Post it, and read no more of the answer than its status. A redirect is none that takes it.

    Errors: OSError, HTTPException; ValueError for a URL that is none, and for any status that is no success.
    """
    at = urlsplit(url)
    headers = {"Content-Type": "application/json", "User-Agent": "ospreyops"}
    if at.username is not None:
        login = f"{unquote(at.username)}:{unquote(at.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    path = (at.path or "/") + (f"?{at.query}" if at.query else "")
    with closing(_connection(at.scheme, at.hostname or "", at.port)) as connection:
        connection.request("POST", path, json.dumps(told).encode(), headers)
        status = connection.getresponse().status
    if not 200 <= status < 300:
        raise ValueError(f"HTTP {status}")


def _connection(scheme: str, host: str, port: Optional[int]) -> http.client.HTTPConnection:
    """A connection to the server. Its certificate is checked, by the system's authorities and by certifi's."""
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=LIMIT)
    trusted = ssl.create_default_context()
    trusted.load_verify_locations(cadata=certifi.contents())
    return http.client.HTTPSConnection(host, port, timeout=LIMIT, context=trusted)
