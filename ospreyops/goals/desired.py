"""Which release a host is to run, and which one to roll back to: the host remembers both."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Optional

from ..errors import Blocked
from ..facts import Facts
from ..facts.host import ONLY_ROOT
from ..release import VERSION, by_age
from ..remote.command import sh
from ..remote.perl import program
from ..settings import FILES
from ..step import Keyed, Step
from ..text import ascii_json, iso_utc, who
from .rollout import Plan

LIMIT = 60
VERSIONS = "^[0-9]+([.][0-9]+)+( sha256:[0-9a-f]+)?$"
KEPT = 50
"""How many versions that were healthy are kept."""
NO_FILE, UNREADABLE = "it is not a file", "it may not be read"
"""What a look says of a file."""
UNKNOWN = (".", "host", "wanted")
"""Files without which nobody knows what is desired, when they are damaged."""


def record(plan: Plan) -> Iterator[Step]:
    """A phase of a rollout: the release is recorded as the desired one, and as one that was healthy here."""
    host, version = plan.facts.host, plan.release.version
    if is_recorded(plan):
        return
    digest = plan.candidate.digest if plan.candidate else ""
    by = f"{who()}@{socket.gethostname()}"
    text = {"version": version, "since": iso_utc(host.now), "by": by, "digest": digest}
    if host.damaged.get("wanted") == NO_FILE:
        raise Blocked(damage(plan.facts, "wanted"), hint=way_out(plan.facts, "wanted"))
    line = sh(
        "umask 077 && mkdir -p {files}"
        " && { [ ! -f {files}/healthy ] || LC_ALL=C grep -aE {versions} {files}/healthy; printf '%s\\n' {proven}; }"
        " | tail -n {kept} >{files}/healthy.new && printf '%s\\n' {text} >{files}/wanted.new"
        " && perl -e {sync} {files}/healthy.new {files}/wanted.new"
        " && mv -f {files}/healthy.new {files}/healthy && mv -f {files}/wanted.new {files}/wanted",
        proven=f"{version} {digest}".strip(),
        files=host.files,
        versions=VERSIONS,
        kept=KEPT,
        text=ascii_json(text),
        sync=program("ospreyops.remote", "sync.pl"),
        limit=LIMIT,
        sudo=not host.writable,
        own=host.folder,
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
    if host.desired or "wanted" in host.damaged:
        file, sudo = f"{host.files}/wanted", not host.writable
        line = sh("rm -f {file}", file=file, limit=LIMIT, sudo=sudo, own=host.folder)
        why = f"clear the desired release ({host.desired.version if host.desired else host.damaged['wanted']})"
        yield Step(why, line, f"no release is desired on {host.name} any more")


def check_known(facts: Facts) -> None:
    """Check that it is known which release the host is to run, or that none is. Errors: Blocked, with the way out."""
    for name in UNKNOWN:
        if name in facts.host.damaged:
            case = f"it is not known which release {facts.host.name} is to run: {damage(facts, name)}"
            raise Blocked(case, hint=way_out(facts, name))


def damage(facts: Facts, name: str) -> str:
    """What is wrong with a file of what the host remembers."""
    return f"{_path(facts, name)}: {facts.host.damaged[name]}"


def way_out(facts: Facts, name: str) -> str:
    """What a person can type against that: only they can know what belongs into the file."""
    host, path = facts.host, _path(facts, name)
    if name == "host":
        return f"rm {path}, on {host.name}, if no other host shares the folder; else deploy"
    if host.damaged[name] == UNREADABLE:
        return f"sudo chown -R {host.user}: {path}, on {host.name}"
    if host.damaged[name] == ONLY_ROOT:
        return f"log in to {host.name} as a user who may use sudo"
    version = version_at_hand(facts)
    if name == "wanted" and version and host.damaged[name] != NO_FILE:
        return f"inv deploy {version} -H {host.name}"
    return f"mv {path} {path}.damaged, on {host.name}"


def _path(facts: Facts, name: str) -> str:
    host = facts.host
    if name == "host":
        return f"{host.folder}/{FILES}/host"
    return host.files if name == "." else f"{host.files}/{name}"


def rollback_target(facts: Facts) -> Optional[str]:
    """The version to roll back to: the last that was healthy here, other than the desired one; None without one."""
    host, service = facts.host, facts.serving
    now = host.desired.version if host.desired else service and service.version
    return next((version for version in reversed(host.proven) if version != now), None)


def at_hand(facts: Facts) -> list[str]:
    """The versions of the releases that the host has, as archive, folder or image; the oldest first."""
    images = facts.engine.images if facts.engine else ()
    loaded = [name.rpartition(":")[2] for name in images]
    parts = [version for version, base in facts.host.parts.items() if base in facts.host.unpacked]
    known = {*facts.host.unpacked, *facts.host.archives, *parts, *filter(VERSION.fullmatch, loaded)}
    return sorted(known, key=by_age)


def running(facts: Facts) -> Optional[str]:
    """The version that runs; None where none does."""
    return facts.serving.version if facts.serving and facts.serving.running else None


def version_at_hand(facts: Facts) -> Optional[str]:
    """The version to deploy where none is named: what runs, else the last that was healthy here and still is here."""
    host = facts.host
    if found := running(facts):
        return found
    proven = [version for version in host.proven if version in at_hand(facts)]
    known = sorted({*host.unpacked, *host.archives}, key=by_age)
    return next(iter([*proven[-1:], *known[-1:]]), None)
