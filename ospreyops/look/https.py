"""Ask the service from this computer, as a browser and OSPREY Desktop do."""

from __future__ import annotations

import errno
import functools
import http.client
import re
import socket
import ssl
import time
import warnings
from contextlib import suppress
from dataclasses import replace
from typing import Any, Optional
from urllib.parse import urlsplit

from ..facts.service import ProbeResult, Problem, Symptom
from ..remote.background import Background
from .service import GOOD_ANSWERS, LIMIT, SILENT, content_problem, issuer_problem, versions_of

FAMILIES = {socket.AF_INET: "IPv4", socket.AF_INET6: "IPv6"}
# cryptography warns of odd certificates, on standard error, in words for programmers.
warnings.filterwarnings("ignore", module=re.escape(__name__))
NO_ROUTE = (errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
"""What this computer's own kernel says when it has no way over a family of addresses."""
UNANSWERED = (OSError, http.client.HTTPException, ValueError)
"""What is raised where there is no whole answer."""


def probe(url: str) -> tuple[ProbeResult, ...]:
    """How the service looks from this computer, over each family of addresses that its name has.

    A family over which this computer has no way at all is left out, unless there is no other.
    """
    try:
        at = urlsplit(url)
        found = socket.getaddrinfo(at.hostname, at.port or 443, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        return (ProbeResult(url, error=_unanswered(error)),)
    firsts = {FAMILIES[family]: address for family, *_, address in reversed(found) if family in FAMILIES}
    asking = [Background(functools.partial(_probe, url, family, address)) for family, address in sorted(firsts.items())]
    late = ProbeResult(url, error=SILENT)
    places = [asked.result(2 * LIMIT, late) for asked in asking]
    reached = tuple(place for place in places if not (place.error and place.error.symptom is Symptom.UNASKED))
    named = [replace(place, where=f"{url} (over {place.family})") for place in reached]
    return tuple(named) if len(firsts) > 1 and named else tuple(reached or places)


def _probe(url: str, family: str, address: Any) -> ProbeResult:
    asker = HttpsProbe(url, address)
    try:
        about = asker.get("/about")
        if about.status != 200:
            return ProbeResult(url, error=Problem(f"HTTP {about.status}"), family=family)
        desktop: dict[str, Optional[Problem]] = {}
        for version in versions_of(about.body):
            asker = asker.again()
            desktop[version] = _version_problem(asker, version)
        return ProbeResult(url, about.body, None, desktop, about.issuer, about.expires, family)
    except UNANSWERED as error:
        return ProbeResult(url, error=_unanswered(error), family=family)
    finally:
        asker.close()


def _version_problem(asker: HttpsProbe, version: str) -> Optional[Problem]:
    """Why OSPREY Desktop of that version is not content, asked several times over one connection; None if it is."""
    try:
        for _ in range(GOOD_ANSWERS):
            answer = asker.get(f"/v{version}/about")
            if problem := content_problem(answer.status, answer.body, version):
                return problem
            if problem := issuer_problem(answer.issuer, self_signed=answer.self_signed):
                return problem
    except UNANSWERED as error:
        return _unanswered(error)
    return None


class Response:
    """An answer, and what its certificate says. expires: epoch seconds."""

    def __init__(self, status: int, body: str, certificate: bytes) -> None:
        self.status, self.body = status, body
        self.issuer, self.self_signed, self.expires = _certificate(certificate)


@functools.lru_cache(maxsize=64)
def _certificate(encoded: bytes) -> tuple[str, bool, float]:
    """Who issued a certificate, whether that is its own subject, and its end. Errors: ValueError."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        found = x509.load_der_x509_certificate(encoded)
        names = found.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        issuer = str(names[0].value) if names else ""
        return issuer, found.issuer == found.subject, found.not_valid_after_utc.timestamp()
    except (x509.InvalidVersion, UnsupportedAlgorithm, ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"its certificate cannot be read: {error or type(error).__name__}") from None


class Connection(http.client.HTTPSConnection):
    """A connection to one address of a name. address: as `socket.getaddrinfo` gives it."""

    def __init__(self, host: str, port: int, address: Any, context: ssl.SSLContext) -> None:
        super().__init__(host, port, context=context)
        self._to, self._tls = address, context

    def connect(self) -> None:
        """Connect to that address, and to no other of the name's."""
        plain = socket.create_connection(self._to[:2], self.timeout)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


@functools.cache
def _trust_all() -> ssl.SSLContext:
    """What is spoken with any server, whatever its certificate says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class HttpsProbe:
    """Asks one address of a server within one limit; over one connection, as long as the server keeps it open."""

    def __init__(self, url: str, address: Any) -> None:
        at = urlsplit(url)
        self._of, self._failed = (url, address), False
        self._deadline = time.monotonic() + LIMIT
        self._connection = Connection(at.hostname or "", at.port or 443, address, _trust_all())

    def again(self) -> HttpsProbe:
        """The same, with the whole limit; over another connection where an answer failed."""
        if self._failed:
            self.close()
            return HttpsProbe(*self._of)
        self._deadline = time.monotonic() + LIMIT
        return self

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, path: str) -> Response:
        """The answer to GET. Errors: OSError, HTTPException; TimeoutError when the limit is over."""
        self._failed = True
        got: Optional[Response] = Background(lambda: self._get(path)).result(self._left())
        if got is None:
            raise TimeoutError
        self._failed = False
        return got

    def _get(self, path: str) -> Response:
        if self._connection.sock:
            with suppress(ConnectionError, ssl.SSLError):
                return self._ask(path)
            self.close()
        return self._ask(path)

    def _ask(self, path: str) -> Response:
        self._connection.timeout = self._left()
        if self._connection.sock:
            self._connection.sock.settimeout(self._left())
        self._connection.request("GET", path)
        certificate = self._connection.sock.getpeercert(binary_form=True) or b""
        answer = self._connection.getresponse()
        body = b""
        while (part := answer.read1(65536)) and len(body) < 1 << 20:
            body += part
            self._left()
        answer.close()
        if part:
            self.close()
        return Response(answer.status, body.decode(errors="replace"), certificate)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _unanswered(error: Exception) -> Problem:
    """Why there was no whole answer."""
    if isinstance(error, TimeoutError):
        return Problem(Symptom.SILENT.value, Symptom.SILENT)
    if isinstance(error, OSError) and error.errno in NO_ROUTE:
        return Problem(str(error.strerror), Symptom.UNASKED)
    said = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return Problem(said, Symptom.CLOSED if isinstance(error, ConnectionRefusedError) else Symptom.OTHER)
