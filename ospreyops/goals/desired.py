"""Which release a host is to run, and which one to roll back to: the host remembers both."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Optional

from ..facts import Facts
from ..remote.command import sh
from ..settings import FILES
from ..step import Keyed, Step
from ..text import ascii_json, iso_utc, who
from .rollout import Plan

LIMIT = 20


def record(plan: Plan) -> Iterator[Step]:
    """A phase of a rollout: the release is recorded as the desired one, and as one that was healthy here."""
    host, version = plan.facts.host, plan.release.version
    if is_recorded(plan):
        return
    digest = plan.candidate.digest if plan.candidate else ""
    by = f"{who()}@{socket.gethostname()}"
    text = {"version": version, "since": iso_utc(host.now), "by": by, "digest": digest}
    line = sh(
        "umask 022 && mkdir -p {files} && printf '%s\\n' {proven} >>{files}/healthy"
        " && printf '%s\\n' {text} >{files}/wanted.new && mv -f {files}/wanted.new {files}/wanted",
        proven=f"{version} {digest}".strip(),
        files=f"{host.folder}/{FILES}",
        text=ascii_json(text),
        limit=LIMIT,
        sudo=not host.writable,
    )
    outcome = f"{version} is recorded as the desired release of {host.name}"
    yield Step(f"record {version} as the desired release", Keyed(f"record {version}", line), outcome)


def is_recorded(plan: Plan) -> bool:
    """The release is the desired one, with the image that runs; or, where any will do, an older record without."""
    recorded, candidate = plan.facts.host.desired, plan.candidate
    if recorded is None or recorded.version != plan.release.version:
        return False
    known = bool(recorded.digest) or not plan.rollout.any_image
    return not (candidate and known) or recorded.digest == candidate.digest


def cleared(facts: Facts) -> Iterator[Step]:
    """No release is desired: nothing that heals brings one back."""
    host = facts.host
    if host.desired:
        line = sh("rm -f {file}", file=f"{host.folder}/{FILES}/wanted", limit=LIMIT, sudo=not host.writable)
        why = f"clear the desired release ({host.desired.version})"
        yield Step(why, line, f"no release is desired on {host.name} any more")


def rollback_target(facts: Facts) -> Optional[str]:
    """The version to roll back to: the last that was healthy here, other than the desired one; None without one."""
    host, service = facts.host, facts.serving
    now = host.desired.version if host.desired else service and service.version
    return next((version for version in reversed(host.proven) if version != now), None)
