"""Which folder of a host is the service's: where root runs it, a folder of root's, unless the settings name another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Callable

from ..errors import Blocked
from ..facts.host import ONLY_ROOT, HostFacts
from ..remote.command import Answer, Command, quote
from ..remote.host import Host
from ..settings import KEYS, ROOTS, ROOTS_ON_MAC, Settings
from ..target import Target
from . import host

LIMIT = 10
PLACES = {"linux": ROOTS, "mac": ROOTS_ON_MAC}
TELL = (
    't() { [ ! -d "$2" ] || echo "there $1"; d=$2/.ospreyops; if [ -d "$d" ]; then echo "state $1";'
    ' if [ ! -x "$d" ]; then n=$1; set -- $(ls -ldn "$d"); [ "$3" != 0 ] || echo "private $n"; fi; fi; }; '
)
"""Tells of a folder whether it is there, whether something is remembered in it, and whether only root may read that."""


def likely(target: Target, last: str) -> str:
    """The folder to ask about before it is known which is the service's. last: which one it was, as far as known."""
    return last if last in PLACES.values() and _may_be_roots(target) else target.settings.folder


def _may_be_roots(target: Target) -> bool:
    return not target.machine.vm and target.settings.folder == KEYS["folder"].default


def questions(settings: Settings) -> dict[str, Command]:
    """The lines that ask about the host, and which folder is the service's; `settled` reads the answers."""
    return {"place": question(settings), **host.questions(settings)}


def question(settings: Settings) -> Command:
    """Ask for the folders that may be the service's."""
    folders = {**PLACES, "own": settings.folder}
    return Command(TELL + "; ".join(f"t {name} {quote(folder)}" for name, folder in folders.items()), LIMIT)


def chosen(target: Target, said: Answer, to_be: str = "") -> str:
    """The service's folder. to_be: the one of root's that a first change would make; "" where root does not run it."""
    settings, rows = target.settings, said.out.splitlines()
    if not _may_be_roots(target):
        return settings.folder
    made = [folder for name, folder in PLACES.items() if f"there {name}" in rows]
    return next(iter(made), "" if "state own" in rows else to_be) or settings.folder


def is_private(folder: str, said: Answer) -> bool:
    """Only root may read what is remembered in the folder."""
    name = next((name for name, place in PLACES.items() if place == folder), "own")
    return f"private {name}" in said.out.splitlines()


def settled(
    remote: Host, target: Target, answers: Mapping[str, Answer], asked_about: str, *, root: bool, by_root: bool
) -> HostFacts:
    """The host as it answered; asked again for the service's folder where that is another, or only root may read it.

    asked_about: the folder of those answers; root: only root may reach Docker; by_root: root gave those answers.
    Errors: Blocked, Unreachable.
    """
    settings, said = replace(target.settings, folder=asked_about), answers["place"]
    found = host.host_facts(settings, answers)
    folder = chosen(target, said, roots(found.system) if root or found.unit else "")
    private = is_private(folder, said)
    if folder != asked_about or private != by_root:
        settings, again = replace(settings, folder=folder), host.in_folder(folder, settings.archive)
        try:
            asked = remote.ask(again, sudo=private)
        except Blocked:
            if not private:
                raise
            found = host.host_facts(settings, {**answers, **remote.ask(again)})
            return replace(found, writable=False, damaged={".": ONLY_ROOT})
        found = host.host_facts(settings, {**answers, **asked})
    return replace(found, private=True, writable=False) if private else found


def ask(remote: Host, target: Target, about: Callable[[str], Command]) -> Answer:
    """The answer to a question about what a host remembers, which needs no look. about: makes it for a folder.

    Errors: Blocked where only root may read it, and the user may not use sudo; Unreachable.
    """
    answers = remote.ask({"place": question(target.settings), "asked": about(target.settings.folder)})
    folder = chosen(target, answers["place"])
    private = is_private(folder, answers["place"])
    if folder != target.settings.folder or private:
        answers = remote.ask({"asked": about(folder)}, sudo=private)
    return answers["asked"]


def roots(system: str) -> str:
    """Where on a host of that system what root runs lies."""
    return ROOTS_ON_MAC if system == "Darwin" else ROOTS
