"""curl, as the host asks the service with it; its exit statuses, mapped once (field book: osprey-release, 5-7)."""

from __future__ import annotations

import re
from typing import Optional

from ..facts.service import Problem, Symptom
from ..remote.command import Answer
from . import openssl

UNKNOWN_OPTION = 2
"""The exit status of a curl that has no such option."""
NOT_RUN = (126, 127)
"""The shell's own exit statuses for a program that cannot be run, or is not there."""
TOO_LONG = 63
"""The exit status of a curl that got more than it was to take."""
LONGEST = 100_000
"""Bytes of an answer: a service that sends megabytes must not keep anybody busy."""
EXITS = {7: Symptom.CLOSED, 28: Symptom.SILENT, 35: Symptom.CUT, 52: Symptom.CUT, 56: Symptom.CUT}

CERTIFICATE = "--write-out '%{stderr}%{certs}'"
"""Has curl from 7.88 on show the certificate on its standard error. An older one says there that it cannot."""


def ask(limit: float) -> str:
    """The words of a curl that asks within so many seconds, whatever .curlrc and proxies say."""
    bounds = f"--max-time {limit:.0f} --max-filesize {LONGEST}"
    return f"curl --disable --noproxy '*' --insecure --silent --show-error {bounds}"


def ask_often(limit: float, url: str, times: int) -> str:
    """The line that asks the same several times, and prints the status after each; the first failure ends it.

    curl before 7.52 does not know `--fail-early`, and exits with 2 at once: it asks once, then for the rest.
    """
    once, rest = f"{ask(limit)} --write-out '\\n%{{http_code}}\\n'", f" {url}" * (times - 1)
    old = f"{{ [ $? = {UNKNOWN_OPTION} ] && {once} {url} && {once}{rest}; }}"
    return f"{{ {once} --fail-early {url}{rest} || {old}; }}"


def problem(answer: Answer) -> Problem:
    """What a curl that failed met; UNASKED when curl itself was ended at its limit, or could not be run."""
    lines = answer.said.splitlines() or ["no answer"]
    said = next((line for line in lines if line.startswith("curl: (")), lines[0])
    unasked = answer.late or answer.code < 0 or answer.code in NOT_RUN
    return Problem(said, Symptom.UNASKED if unasked else EXITS.get(answer.code, Symptom.OTHER))


def certificate(answer: Answer) -> Optional[openssl.Certificate]:
    """The server's certificate, the first that a curl with CERTIFICATE showed; None where it did not show all of it.

    A curl that is made with another library than OpenSSL writes the date in another way.
    """
    rows = re.findall(r"^(Subject|Issuer|Expire date):(.*)$", answer.err, re.MULTILINE)
    names = dict(reversed(rows))
    if len(names) < len(("Subject", "Issuer", "Expire date")):
        return None
    found = openssl.named(names["Issuer"], names["Subject"], names["Expire date"])
    return found if found.expires is not None else None
