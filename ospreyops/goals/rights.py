"""Whose rights the service runs with, and whether others could use them: its folder is theirs alone."""

from __future__ import annotations

from ..errors import Blocked
from ..facts import Facts
from ..facts.host import HostFacts
from ..look.place import roots
from ..remote.command import Command, quote
from ..settings import KEYS
from ..target import Target


def by_root(facts: Facts, target: Target) -> bool:
    """Root runs the service, or what looks after it."""
    host = facts.host
    return host.user == "root" or (
        target.machine.vm is None and (facts.sudo or host.unit is not None or not host.writable)
    )


def check_own(facts: Facts, target: Target) -> None:
    """Check that nobody else decides what root, or the owner, runs, and that the user of a VM may write where he works.

    Errors: Blocked, with the line that mends it.
    """
    host, root = facts.host, by_root(facts, target)
    if target.machine.vm and not host.writable:
        line = _as_root(_taken(host.user, host.folder, "-R "))
        raise Blocked(f"{host.user} may not write in {host.folder}", hint=f"{line}, on {host.name}")
    if not root and not target.settings.owner:
        return
    whose, name = ("root", "root") if root else ("own", host.user)
    if changed := host.open_to.get(whose):
        raise Blocked(
            f"{name} would run what lies in {host.folder}, and others may write: {changed}",
            hint=mend(host, target, name, changed),
        )


def mend(host: HostFacts, target: Target, owner: str, changed: str) -> str:
    """The line that makes the folder the owner's alone, once somebody has looked at what lies in it."""
    inside = f"{changed}/".startswith(f"{host.folder}/")
    if inside or owner != "root":
        path = host.folder if inside else changed
        return f"{_as_root(_taken(owner, path, '-R ' if inside else ''))}, on {host.name}"
    place = roots(host.system)
    moved = f"mv {quote(host.folder)} {quote(place)} && {_taken(owner, place, '-R ')}"
    set_ = target.settings.folder != KEYS["folder"].default
    line = f"{_as_root(moved)}, on {host.name}"
    return line + (f"; and set osprey.hosts.{host.name}.folder: {place}" if set_ else "")


def _taken(owner: str, path: str, deep: str) -> str:
    return f"chown {deep}{owner}: {quote(path)} && chmod {deep}go-w {quote(path)}"


def _as_root(line: str) -> str:
    return str(Command(line, 0, sudo=True))
