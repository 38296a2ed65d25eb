"""`make mutants`: which change of a decision does no test notice? FILES="goals/loss.py …" tries those files alone.

Each change is made in a child of one process that has collected the tests, so none costs more than its own tests: those
that come by the changed lines, the quickest first, until one fails.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from .changes import Mutant, mutants
from .child import in_child, none_fails, patch
from .covered import PROJECT, Seen, seen
from .report import FILE, reasons, tell

PACKAGE = PROJECT / "ospreyops"
DECISIONS = ("goals", "faults", "change", "facts", "healing/diagnosis.py")
"""What is changed."""
TESTS = ("goals", "faults", "facts", "change", "healing", "look", "mutants", "runbook", "sim")
"""The folders whose tests are run."""
SLOW = 3.0
"""Seconds of processor; a test that takes longer is not run."""
SPARE = 10.0
"""Seconds of processor that a change may cost beyond three times what its tests take: then it hangs, and is noticed."""


def sources(chosen: list[str]) -> Iterator[Path]:
    """The files to change."""
    for part in chosen or DECISIONS:
        path = PACKAGE / part
        yield from [path] if path.suffix else sorted(path.glob("*.py"))


class Mutation:
    """The plugin that runs tests for each change, instead of all tests once."""

    def __init__(self, chosen: list[str]) -> None:
        self.chosen = chosen
        self.status = 1

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        known = seen(session)
        failing = [name for name, one in known.items() if not one.passed]
        print(*(f"left out, it fails without a change: {name}" for name in failing), sep="\n")
        found = [one for path in sources(self.chosen) for one in mutants(str(path.relative_to(PROJECT)), path)]
        survivors = [one for one in found if survives(session, one, known)]
        self.status = tell(found, survivors, reasons(FILE.read_text("utf-8")))
        return True


def survives(session: pytest.Session, mutant: Mutant, known: dict[str, Seen]) -> bool:
    """Whether no test notices the change."""
    place = mutant.path, mutant.first, mutant.last
    of_use = {name: one.seconds for name, one in known.items() if one.passed and one.seconds < SLOW}
    items = [one for one in session.items if one.nodeid in of_use and known[one.nodeid].comes_by(*place)]
    items.sort(key=lambda item: of_use[item.nodeid])
    source = PROJECT / mutant.path

    def unnoticed() -> bool:
        patch(source, mutant.code)
        return none_fails(session, items)

    survived = in_child(unnoticed, 3 * sum(of_use[item.nodeid] for item in items) + SPARE)
    if survived:
        print(f"{mutant}  [{len(items)} tests]", flush=True)
    return survived


def main() -> int:
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutants", phases=phases, derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("mutants")
    plugin = Mutation(sys.argv[1:])
    options = [
        "-qq",
        "-s",
        "-m",
        "not lab and not reliability",
        "-p",
        "no:cacheprovider",
        "--tb=no",
        "--timeout",
        "300",
    ]
    os.chdir(PROJECT)
    pytest.main([*options, *(f"tests/{folder}" for folder in TESTS)], plugins=[plugin])
    return plugin.status


if __name__ == "__main__":
    sys.exit(main())
