"""Which folder of a host is the service's: where root runs it, a folder of root's, unless the settings name another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Callable, Optional

from ..errors import Blocked
from ..facts.host import HostFacts
from ..remote.command import Answer, Command, quote
from ..remote.files import quoted
from ..remote.host import Host
from ..settings import KEYS, ROOTS, ROOTS_ON_MAC, Settings
from ..target import Target
from . import host

LIMIT = 10


def question(settings: Settings) -> Command:
    """Ask for root's folder, for what is remembered in the one of the settings, and whether only root may read that."""
    files = quoted(settings.folder)
    private = f'[ -x {files} ] || {{ set -- $(ls -ldn {files}); [ "$3" != 0 ] || echo private; }}'
    places = f'for f in {quote(ROOTS)} {quote(ROOTS_ON_MAC)}; do [ ! -d "$f" ] || echo "$f"; done'
    return Command(f"{places}; [ ! -d {files} ] || {{ echo old; {private}; }}", LIMIT)


def questions(settings: Settings) -> dict[str, Command]:
    """The lines that ask about the host itself, and which folder is the service's; `settled` reads the answers."""
    return {"place": question(settings), **host.questions(settings)}


def chosen(target: Target, said: Answer, to_be: str = "") -> str:
    """The service's folder. to_be: the one of root's that a first change would make; "" where root does not run it."""
    settings, rows = target.settings, said.out.splitlines()
    if target.machine.vm or settings.folder != KEYS["folder"].default:
        return settings.folder
    there = next((row for row in rows if row in (ROOTS, ROOTS_ON_MAC)), "" if "old" in rows else to_be)
    return there or settings.folder


def settled(remote: Host, target: Target, answers: Mapping[str, Answer], *, root: bool) -> HostFacts:
    """The host as it answered; asked again for the service's folder where that is another, or only root may read it.

    root: only root may reach Docker. Errors: Blocked, Unreachable.
    """
    settings, said = target.settings, answers["place"]
    found = host.host_facts(settings, answers)
    folder = chosen(target, said, roots(found.system) if root or found.unit else "")
    if folder == settings.folder and "private" not in said.out.splitlines():
        return found
    settings, questions = replace(settings, folder=folder), host.in_folder(folder, settings.archive)
    again = as_root(remote, questions) if found.user != "root" else None
    found = host.host_facts(settings, {**answers, **(again or remote.ask(questions))})
    if again:
        return replace(found, private=True, writable=False)
    return found if found.user == "root" else replace(found, damaged={".": "only root may read it"})


def ask(remote: Host, target: Target, about: Callable[[str], Command]) -> Answer:
    """The answer to a question about what a host remembers, which needs no look. about: makes it for a folder."""
    asked = remote.ask({"place": question(target.settings), "asked": about(target.settings.folder)})
    folder = chosen(target, asked["place"])
    if folder == target.settings.folder and "private" not in asked["place"].out.splitlines():
        return asked["asked"]
    questions = {"asked": about(folder)}
    return (as_root(remote, questions) or remote.ask(questions))["asked"]


def as_root(remote: Host, questions: Mapping[str, Command]) -> Optional[dict[str, Answer]]:
    """The answers as root gets them; None where the user may not use sudo."""
    try:
        return remote.ask(questions, sudo=True)
    except Blocked:
        return None


def roots(system: str) -> str:
    """Where on a host of that system what root runs lies."""
    return ROOTS_ON_MAC if system == "Darwin" else ROOTS
