"""What `inv --list` shows: a list that can be read down, a line a task."""

from __future__ import annotations

import tasks

VERBS = {
    "Ask",
    "Bring",
    "Close",
    "End",
    "Find",
    "Forward",
    "Free",
    "Go",
    "Install",
    "Keep",
    "Let",
    "Load",
    "Make",
    "Name",
    "Open",
    "Power",
    "Print",
    "Remove",
    "Renew",
    "Replace",
    "Resume",
    "Run",
    "Say",
    "Set",
    "Show",
    "Shut",
    "Start",
    "Stop",
    "Take",
}
"""What a task does. A new verb is added here when none of these says it."""
WIDEST = 55
"""Signs that fit beside a task's name in eighty columns."""


def listed() -> dict[str, str]:
    """The first line of each task's help."""
    return {name: (tasks.ns[name].__doc__ or "").strip().partition("\n")[0] for name in tasks.ns.task_names}


def test_each_tasks_line_says_what_the_task_does() -> None:
    assert {name: line for name, line in listed().items() if line.split(" ")[0] not in VERBS} == {}


def test_each_verb_is_some_tasks() -> None:
    assert {line.split(" ")[0] for line in listed().values()} == VERBS


def test_each_tasks_line_is_short_and_a_sentence() -> None:
    assert {name: line for name, line in listed().items() if len(line) > WIDEST or line[-1:] not in (".", "…")} == {}


def test_no_two_tasks_share_a_line() -> None:
    lines = list(listed().values())
    assert len(lines) > 40
    assert sorted(lines) == sorted(set(lines))
