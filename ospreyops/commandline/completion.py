"""What a TAB offers: tasks, flags, and the hosts and versions that are known here. No host is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from .. import seen
from .listing import Flags

VERSIONS = ("--version", "--drop-versions")
HOST: Flags = {"-H": True, "--host": True}
"""The flags that may stand before a task."""
USEFUL = ("--dry", "--plain", "--help")
"""Flags of the tool that are offered after a task."""


def offered(words: Sequence[str], core: Flags, tasks: Mapping[str, Flags], hosts: Collection[str]) -> list[str]:
    """The words that may stand where the last of those words does.

    A shell offers those of them that begin as it does. Invoke's own scripts leave an empty last word out.
    """
    *before, last = [word for word in words if word != "="] or [""]
    task, waiting, chosen = _read(before, core, tasks)
    flags = {**core, **tasks.get(task, HOST)}
    flag, equals, value = last.partition("=")
    own = tasks.get(last if last in tasks else task, {})
    if waiting:
        return _values(waiting, last, hosts, chosen)
    if flags.get(last):
        return _values(last, "", hosts, chosen)
    if equals:
        return [f"{flag}={word}" for word in _values(flag, value, hosts, chosen)]
    if last.startswith("-") and last not in flags:
        shown = {*own, *USEFUL} if task else {*core, *HOST}
        return sorted(
            (flag for flag in shown if flag.startswith("-")), key=lambda flag: (not flag.startswith("--"), flag)
        )
    alone = [flag for flag, mark in (("--version", "--version"), ("--host", "<host>")) if mark in own]
    return [*(word for flag in alone for word in _values(flag, "", hosts, chosen)), *tasks]


def _read(words: Iterable[str], core: Flags, tasks: Mapping[str, Flags]) -> tuple[str, str, list[str]]:
    """The last task of the words, the flag that waits for a value, and the hosts that were chosen."""
    task, waiting, chosen = "", "", []
    for word in words:
        flags = {**core, **tasks.get(task, HOST)}
        if waiting:
            chosen += word.split(",") if waiting in HOST else []
            waiting = ""
        elif word in tasks:
            task = word
        elif flags.get(word):
            waiting = word
    return task, waiting, chosen


def _values(flag: str, typed: str, hosts: Collection[str], chosen: Collection[str]) -> list[str]:
    """The values of a flag that are known; none where a file may be meant, or anything."""
    known = list(dict.fromkeys([*hosts, *seen.hosts()]))
    if flag in HOST:
        first, comma, _ = typed.rpartition(",")
        return [f"{first}{comma}{host}" for host in known if host not in first.split(",")]
    return seen.versions(chosen or known) if flag in VERSIONS else []
