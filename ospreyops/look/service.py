"""Ask the service on its own host, as curl, a browser and OSPREY Desktop do (field book: osprey-release, 5-7).

/about alone proves little: the proxy answers it by itself. Desktop asks /vX.Y/about, wants a self-signed certificate
with the issuer CN `osprey.service`, does not look at its date, and does not compare host names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Optional

from ..facts.service import ProbeResult, Problem, Symptom, Way
from ..release import VERSION
from ..remote.command import Answer, Command, sh
from ..text import parse_json
from ..tools import curl, openssl

ISSUER = "osprey.service"
LIMIT = 6.0
"""Seconds that one question may take."""
GOOD_ANSWERS = 3
"""In a row, until an answer counts: a cold JVM's first one means little."""
WAYS = (
    'for a in $(hostname -I 2>/dev/null); do case $a in *:*) [ "$six" ] && continue; six=1; a="[$a]" ;;'
    ' *) [ "$four" ] && continue; four=1 ;; esac;'
    ' (o=$({ask} --fail "https://$a:{port}/about" 2>&1); printf \'%s %s %s\\n\' "$a" $? "$o") & done; wait'
)
"""The first address of each family. A Mac is not asked: its forward is VirtualBox's, which has one listener."""
MOST = 20
"""Versions that are asked at most."""
EACH_VERSION = (
    "d=' ' n=0; for v in $(printf %s \"$a\" | grep -oE '\\bv[0-9]+([.][0-9]+)+'); do"
    f' case $d in *" $v "*) continue ;; esac; d="$d$v " n=$((n+1)); [ $n -le {MOST} ] || break;'
)
"""The beginning of a loop over the versions that /about names, each once."""
VERSIONS = re.compile(r"\bv([0-9]+(?:[.][0-9]+)+)")
SILENT = Problem(Symptom.SILENT.value, Symptom.SILENT)


def questions(url: str) -> dict[str, Command]:
    """The lines that ask on the host, before those of `again`; `probed` reads their answers.

    Each curl takes as much of the host's processor as its shell and all else together. So /about is asked once.
    """
    asked = f'{{ {curl.ask(LIMIT)} {curl.CERTIFICATE} --fail {{about}}; echo " $?"; }} | head -c {curl.LONGEST}'
    begin = sh(f"a=$({asked}); r=${{a##* }} a=${{a% *}}; ", about=f"{url}/about", limit=LIMIT)
    often = curl.ask_often(LIMIT, "{url}/$v/about", GOOD_ANSWERS)
    desktop = sh(f"{EACH_VERSION} {often}; echo $? $v; done", url=url, limit=2 * LIMIT)
    lines = {
        "about": f'printf %s "$a"; case $r in ""|*[!0-9]*) exit {curl.TOO_LONG} ;; esac; exit $r',
        "desktop": desktop.line,
    }
    return {name: Command(begin.line + line, 2 * LIMIT, shared=begin.line) for name, line in lines.items()}


def again(url: str, answers: Mapping[str, Answer]) -> dict[str, Command]:
    """The line that asks for the certificate, where the service answered and curl did not show that."""
    shown = not answers["about"].ok or curl.certificate(answers["about"])
    return {} if shown else {"certificate": openssl.show(url.rpartition("//")[2], LIMIT)}


def ways_question(port: int) -> Command:
    """The line that asks at the host's own addresses; `ways` reads its answers."""
    return Command(WAYS.format(ask=curl.ask(LIMIT), port=port), LIMIT + 2)


def ways(port: int, answer: Answer) -> tuple[Way, ...]:
    """The ways to that port; an address that could not be asked is left out."""
    rows = re.findall(r"^(\S+) ([0-9]{1,3}) (.*)$", answer.out, re.MULTILINE)
    asked = [(address, int(code), text) for address, code, text in rows if int(code) not in curl.NOT_RUN]
    return tuple(Way(f"https://{at}:{port}", text.strip() if code == 0 else None) for at, code, text in asked)


def ways_alongside(known: Iterable[Way], port: int, answer: Answer) -> tuple[Way, ...]:
    """The same ways, with what the addresses answer at the port of a container."""
    there = {way.where: way.about for way in ways(port, answer)}
    return tuple(replace(way, port=port, alongside=there.get(way.at(port))) for way in known)


def probed(url: str, answers: Mapping[str, Answer]) -> ProbeResult:
    """What the answers tell of the service."""
    about = answers["about"]
    if not about.ok:
        return ProbeResult(url, error=curl.problem(about))
    versions = versions_of(about.out)
    certificate = curl.certificate(about) or openssl.certificate(answers["certificate"])
    if certificate is None:
        missing = Problem(f"no certificate: {answers['certificate'].said}")
        return ProbeResult(url, about.out, desktop=dict.fromkeys(versions, missing))
    issued = issuer_problem(certificate.issuer, self_signed=certificate.self_signed)
    desktop: dict[str, Optional[Problem]] = dict.fromkeys(versions, SILENT)
    for version, replies in _replies(answers["desktop"].out):
        problems = [content_problem(status, body, version) for status, body in replies]
        if version in desktop and (any(problems) or len(problems) >= GOOD_ANSWERS):
            desktop[version] = next(filter(None, problems), issued)
    return ProbeResult(url, about.out, None, desktop, certificate.issuer, certificate.expires)


def versions_of(about: str) -> list[str]:
    """The versions that /about names, each once, and not more than are asked."""
    found = VERSIONS.findall(about[: curl.LONGEST])
    return [version for version in dict.fromkeys(found) if VERSION.fullmatch(version)][:MOST]


def _replies(printed: str) -> list[tuple[str, list[tuple[int, str]]]]:
    """For each version that was asked, the (HTTP status, body) pairs; a last one that curl did not end is left out."""
    found: list[tuple[str, list[tuple[int, str]]]] = []
    body: list[str] = []
    replies: list[tuple[int, str]] = []
    for line in printed.split("\n"):
        if re.fullmatch("[0-9]{3}", line) and body:
            replies.append((int(line), "\n".join(body)))
            body = []
        elif (end := re.fullmatch(r"([0-9]{1,3}) v([0-9.]+)", line)) and replies:
            found.append((end[2], replies if end[1] == "0" else replies[:-1]))
            body, replies = [], []
        else:
            body.append(line)
    return found


def content_problem(status: int, body: str, version: str) -> Optional[Problem]:
    """What is wrong with an answer to /vX.Y/about; None when Desktop takes it."""
    if status == 0:
        return Problem(Symptom.CUT.value, Symptom.CUT)
    if status != 200:
        return Problem(f"HTTP {status}", Symptom.SERVER_ERROR if 500 <= status < 600 else Symptom.OTHER)
    try:
        response = parse_json(body)["response"]
        name, said = response["name"], response["version"]
    except (ValueError, KeyError, TypeError):
        return Problem(f"{Symptom.FOREIGN.value}: {body[:60]!r}", Symptom.FOREIGN)
    return None if name and said == version else Problem(f"it is {name} {said}"[:200])


def issuer_problem(issuer: str, *, self_signed: bool) -> Optional[Problem]:
    """Why Desktop refuses a certificate; None when it takes it."""
    if issuer == ISSUER and self_signed:
        return None
    return Problem(f"Desktop refuses its certificate: issued by {issuer or 'nobody'}, not self-signed by {ISSUER}")
