"""openssl, as the host shows a server's certificate with it."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import Optional

from ..remote.command import Answer, Command, sh


@dataclass(frozen=True)
class Certificate:
    """What a certificate says; issuer: its CN; expires: epoch seconds, None when that cannot be read."""

    issuer: str
    self_signed: bool
    expires: Optional[float]


def show(at: str, limit: float) -> Command:
    """Show the certificate of the server at HOST:PORT."""
    line = "openssl s_client -connect {at} </dev/null 2>/dev/null | openssl x509 -noout -issuer -subject -enddate"
    return sh(line, at=at, limit=limit)


def certificate(answer: Answer) -> Optional[Certificate]:
    """The certificate that `show` printed; None when it printed none."""
    names = dict(line.partition("=")[::2] for line in answer.out.splitlines())
    return named(names["issuer"], names.get("subject", ""), names.get("notAfter", "")) if "issuer" in names else None


def named(issuer: str, subject: str, end: str) -> Certificate:
    """The certificate of which OpenSSL prints that it was issued by somebody, is somebody's, and ends then."""
    name = re.search(r"CN ?= ?([^,/]+)", issuer)
    return Certificate(name[1].strip() if name else "", issuer == subject, _moment(end))


def _moment(printed: str) -> Optional[float]:
    try:
        return float(ssl.cert_time_to_seconds(printed.strip()))
    except ValueError:
        return None
