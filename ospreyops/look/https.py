"""Ask the service from this computer, as a browser and OSPREY Desktop do."""

from __future__ import annotations

import http.client
import ssl
import time
from contextlib import closing, suppress
from typing import Optional
from urllib.parse import urlsplit

from ..facts.service import ProbeResult, Problem, Symptom
from ..remote.background import Background
from .service import GOOD_ANSWERS, LIMIT, VERSIONS, content_problem, issuer_problem


def probe(url: str) -> ProbeResult:
    """How the service looks from this computer."""
    try:
        with closing(HttpsProbe(url)) as asker:
            about = asker.get("/about")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return ProbeResult(url, error=_unanswered(error))
    if about.status != 200:
        return ProbeResult(url, error=Problem(f"HTTP {about.status}"))
    desktop = {version: _version_problem(url, version) for version in VERSIONS.findall(about.body)}
    return ProbeResult(url, about.body, None, desktop, about.issuer, about.expires)


def _version_problem(url: str, version: str) -> Optional[Problem]:
    """Why OSPREY Desktop of that version is not content, asked several times over one connection; None if it is."""
    try:
        with closing(HttpsProbe(url)) as asker:
            for _ in range(GOOD_ANSWERS):
                answer = asker.get(f"/v{version}/about")
                if problem := content_problem(answer.status, answer.body, version):
                    return problem
                if problem := issuer_problem(answer.issuer, self_signed=answer.self_signed):
                    return problem
    except (OSError, http.client.HTTPException, ValueError) as error:
        return _unanswered(error)
    return None


class Response:
    """An answer, and what its certificate says. expires: epoch seconds."""

    def __init__(self, status: int, body: str, certificate: bytes) -> None:
        from cryptography import x509

        self.status, self.body = status, body
        found = x509.load_der_x509_certificate(certificate)
        names = found.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        self.issuer = str(names[0].value) if names else ""
        self.self_signed = found.issuer == found.subject
        self.expires = found.not_valid_after_utc.timestamp()


class HttpsProbe:
    """Asks one server within one limit; over one connection, as long as the server keeps it open."""

    def __init__(self, url: str) -> None:
        at = urlsplit(url)
        trust_all = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust_all.check_hostname = False
        trust_all.verify_mode = ssl.CERT_NONE
        self._deadline = time.monotonic() + LIMIT
        self._connection = http.client.HTTPSConnection(at.hostname or "", at.port or 443, context=trust_all)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, path: str) -> Response:
        """The answer to GET. Errors: OSError, HTTPException; TimeoutError when the limit is over."""
        got: Optional[Response] = Background(lambda: self._get(path)).result(self._left())
        if got is None:
            raise TimeoutError
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
    said = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return Problem(said, Symptom.CLOSED if isinstance(error, ConnectionRefusedError) else Symptom.OTHER)
