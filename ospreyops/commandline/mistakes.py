"""What is said of a word that is unknown: in one line, with what may be meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..errors import Usage
from ..text import either, near

MOST = 3
"""Suggestions in a line."""


def no_such_task(word: str, tasks: Iterable[str]) -> Usage:
    """A word where a task belongs."""
    return Usage(f"there is no task {word!r}; {_meant(similar_tasks(word, tasks), 'inv --list shows all tasks')}")


def no_such_word(word: str, task: str, tasks: Iterable[str], hosts: Collection[str]) -> Usage:
    """A word after a task, where the next task or a host may stand."""
    if word[:1].isdigit():
        return Usage(f"{task} takes no version, and {word!r} is no task")
    meant = similar_tasks(word, tasks) or near(word, hosts)
    return Usage(
        f"{word!r} is neither a task nor a host; {_meant(meant, f'inv --help {task} shows what {task} takes')}"
    )


def similar_tasks(word: str, tasks: Iterable[str]) -> list[str]:
    """The tasks that somebody may mean who types that word: `logs` is service.logs."""
    known = list(tasks)
    lasts: dict[str, list[str]] = {}
    for name in known:
        lasts.setdefault(name.rpartition(".")[2], []).append(name)
    last = word.rpartition(".")[2]
    if same := lasts.get(last.lower()):
        return same[:MOST]
    alike = [name for part in near(last, lasts) for name in lasts[part]]
    return list(dict.fromkeys([*near(word, known), *(alike if "." not in word else ())]))[:MOST]


def no_such_option(flag: str, task: str, flags: Collection[str]) -> Usage:
    """A flag that neither the task nor the tool has. task: "" where none was named before it."""
    long = {known.lstrip("-"): known for known in flags if known.startswith("--")}
    meant = [long[name] for name in near(flag.lstrip("-"), long)]
    shown = f"inv --help {task}".rstrip()
    return Usage(f"{task or 'inv'} has no option {flag}; {_meant(meant, f'{shown} shows all options')}")


def _meant(words: list[str], otherwise: str) -> str:
    return f"did you mean {either(words)}?" if words else otherwise
