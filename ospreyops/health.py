"""The service's /about, as curl on the host, a browser and OSPREY Desktop ask it (field book: osprey-release, 5-7).

/about alone proves little: the proxy answers it by itself. Desktop asks /vX.Y/about, wants a self-signed certificate
with the issuer CN `osprey.service`, does not look at its date, and does not compare host names.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from typing import Optional
from urllib.parse import urlsplit

from .aside import Aside
from .command import Answer, Command, sh
from .facts import Seen

ISSUER = "osprey.service"
LIMIT = 6.0
GOOD_ANSWERS = 3
"""In a row, until an answer counts: a cold JVM's first one means little."""
VERSIONS = re.compile(r"\bv([0-9]+(?:[.][0-9]+)+)")


def questions(url: str) -> dict[str, Command]:
    """The shell lines that ask on the host; `local` reads their answers."""
    host, _, port = url.rpartition("//")[2].partition(":")
    curl = f"curl --disable --noproxy '*' --insecure --silent --show-error --max-time {LIMIT:.0f}"
    ask = f"{curl} --fail-early --write-out '\\n%{{http_code}}\\n'" + " {url}/$v/about" * GOOD_ANSWERS
    desktop = f"for v in $({curl} {{url}}/about | grep -oE 'v[0-9]+([.][0-9]+)+'); do {ask}; echo $? $v; done"
    return {
        "about": sh(f"{curl} --fail {{about}}", about=f"{url}/about", limit=LIMIT + 2),
        "desktop": sh(desktop, url=url, limit=2 * LIMIT),
        "certificate": sh(
            "openssl s_client -connect {at} </dev/null 2>/dev/null | openssl x509 -noout -issuer -subject -enddate",
            at=f"{host}:{port}",
            limit=LIMIT,
        ),
    }


def local(url: str, answers: Mapping[str, Answer]) -> Seen:
    """How the service looks on the host itself."""
    about, certificate = answers["about"], answers["certificate"]
    if not about.ok:
        return Seen(url, error=(about.said.splitlines() or ["no answer"])[0])
    names = dict(line.partition("=")[::2] for line in certificate.out.splitlines())
    if "issuer" not in names:
        return Seen(
            url, about.out, "", dict.fromkeys(VERSIONS.findall(about.out), f"no certificate: {certificate.said}")
        )
    issuer = re.search(r"CN ?= ?([^,/]+)", names["issuer"])
    issuer_cn, own = issuer[1].strip() if issuer else "", names.get("issuer") == names.get("subject")
    desktop = dict.fromkeys(VERSIONS.findall(about.out), "no answer in time")
    asked = re.findall(r"(.*?\n\d{3}\n)(\d+) v([0-9.]+)\n", answers["desktop"].out, re.S)
    for answered, code, version in asked:
        whole = re.findall(r"(.*?)\n(\d{3})\n", answered, re.S)[: None if code == "0" else -1]
        said = [_content(int(status), body, version) for body, status in whole]
        if version in desktop and (any(said) or len(said) >= GOOD_ANSWERS):
            desktop[version] = next(filter(None, said), "") or _issued(issuer_cn, self_signed=own)
    return Seen(url, about.out, "", desktop, issuer_cn, _ends(names.get("notAfter", "")))


def public(url: str) -> Seen:
    """How the service looks from this computer."""
    try:
        with closing(Asker(url)) as asker:
            about = asker.get("/about")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Seen(url, error=_why(error))
    if about.status != 200:
        return Seen(url, error=f"HTTP {about.status}")
    desktop, issuer, expires = {}, "", None
    for version in VERSIONS.findall(about.body):
        try:
            with closing(Asker(url)) as asker:
                for _ in range(GOOD_ANSWERS):
                    got = asker.get(f"/v{version}/about")
                    issuer, expires = got.issuer, got.expires
                    desktop[version] = _content(got.status, got.body, version) or _issued(
                        issuer, self_signed=got.self_signed
                    )
                    if desktop[version]:
                        break
        except (OSError, http.client.HTTPException, ValueError) as error:
            desktop[version] = _why(error)
    return Seen(url, about.body, "", desktop, issuer, expires)


class Got:
    """An answer, and what its certificate says. expires: epoch seconds."""

    def __init__(self, status: int, body: str, certificate: bytes) -> None:
        from cryptography import x509

        self.status, self.body = status, body
        found = x509.load_der_x509_certificate(certificate)
        names = found.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        self.issuer = str(names[0].value) if names else ""
        self.self_signed = found.issuer == found.subject
        self.expires = found.not_valid_after_utc.timestamp()


class Asker:
    """Asks one server, over one connection as long as that is kept open, all within one limit."""

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

    def get(self, path: str) -> Got:
        """The answer to GET. Errors: OSError, HTTPException; TimeoutError when the limit is over."""
        got: Optional[Got] = Aside(lambda: self._get(path)).result(self._left())
        if got is None:
            raise TimeoutError
        return got

    def _get(self, path: str) -> Got:
        if self._connection.sock:
            with suppress(ConnectionError, ssl.SSLError):
                return self._ask(path)
            self.close()
        return self._ask(path)

    def _ask(self, path: str) -> Got:
        self._connection.timeout = self._left()
        if self._connection.sock:
            self._connection.sock.settimeout(self._left())
        self._connection.request("GET", path)
        certificate = self._connection.sock.getpeercert(True) or b""
        answer = self._connection.getresponse()
        body = b""
        while (part := answer.read1(65536)) and len(body) < 1 << 20:
            body += part
            self._left()
        answer.close()
        if part:
            self.close()
        return Got(answer.status, body.decode(errors="replace"), certificate)

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _content(status: int, body: str, version: str) -> str:
    """What is wrong with an answer to /vX.Y/about; "" when Desktop takes it."""
    if status != 200:
        return f"HTTP {status}"
    try:
        response = json.loads(body)["response"]
        name, said = response["name"], response["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"not the JSON of an Osprey service: {body[:60]!r}"
    return "" if name and said == version else f"it is {name} {said}"


def _issued(issuer: str, *, self_signed: bool) -> str:
    if issuer == ISSUER and self_signed:
        return ""
    return f"Desktop refuses its certificate: issued by {issuer or 'nobody'}, not self-signed by {ISSUER}"


def _ends(printed: str) -> Optional[float]:
    try:
        return float(ssl.cert_time_to_seconds(printed.strip()))
    except ValueError:
        return None


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
