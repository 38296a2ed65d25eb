"""Which release a host is meant to run, and which have been healthy there: written once a release is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .command import sh
from .facts import Facts
from .ledger import LIMIT, who
from .lock import FILES, ascii_json, stamp
from .plan import Same, Step
from .release import Release

if TYPE_CHECKING:
    from .site import Site


def meant(facts: Facts, site: Site, release: Release) -> Iterator[Step]:
    """The host remembers that it is meant to run that release."""
    wanted, host = facts.host.wanted, facts.host
    if wanted and wanted.version == release.version:
        return
    text = {"version": release.version, "since": stamp(host.now), "by": f"{who()}@{socket.gethostname()}"}
    line = sh(
        "umask 022 && mkdir -p {files} && echo {version} >>{files}/healthy"
        " && printf '%s\\n' {text} >{files}/wanted.new && mv -f {files}/wanted.new {files}/wanted",
        version=release.version,
        files=f"{host.folder}/{FILES}",
        text=ascii_json(text),
        limit=LIMIT,
        sudo=not host.writable,
    )
    why = f"{host.name} is meant to run {wanted.version if wanted else 'nothing'}"
    yield Step(why, Same(f"meant to run {release.version}", line), f"{host.name} is meant to run {release.version}")


def unmeant(facts: Facts, site: Site) -> Iterator[Step]:
    """The host is not meant to run anything."""
    host = facts.host
    if host.wanted:
        line = sh("rm -f {file}", file=f"{host.folder}/{FILES}/wanted", limit=LIMIT, sudo=not host.writable)
        why = f"{host.name} is meant to run {host.wanted.version}"
        yield Step(why, line, f"{host.name} is meant to run nothing")


def before(facts: Facts) -> str:
    """The release to go back to: the last that was healthy here, other than the one that is meant to run; or ""."""
    host, service = facts.host, facts.serving
    now = host.wanted.version if host.wanted else service.version if service else ""
    return next((version for version in reversed(host.healthy) if version != now), "")
