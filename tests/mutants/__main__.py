"""`make mutants`: which change of a decision does no test notice? FILES="goals/loss.py …" tries those files alone.

Each change is made in a child of one process that has collected the tests, so none costs more than its own tests: those
that come by the changed lines, the quick and narrow ones first, until one fails.
"""

from __future__ import annotations

import gc
import os
import sys
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import hypothesis
import pytest

from .changes import Mutant, mutants
from .child import functions, in_child, none_fails, patch
from .covered import PROJECT, Seen, seen
from .report import FILE, reasons, tell

PACKAGE = PROJECT / "ospreyops"
DECISIONS = ("goals", "faults", "change", "facts", "healing/diagnosis.py")
"""What is changed."""
TESTS = ("goals", "faults", "facts", "change", "healing", "runbook")
"""The folders whose tests are run."""
MOST = 5.0
"""Seconds of processor that the tests of one change take at most; the slow and broad ones are not run."""
SPARE = 5.0
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
        functions()
        gc.freeze()
        survivors = []
        for number, one in enumerate(found, 1):
            if survives(session, one, known):
                survivors.append(one)
                print(f"{number} of {len(found)}: {one}", flush=True)
        self.status = tell(found, survivors, reasons(FILE.read_text("utf-8")))
        return True


def chosen(session: pytest.Session, mutant: Mutant, known: dict[str, Seen]) -> tuple[list[pytest.Item], float]:
    """The tests that come by the change, the quick and narrow ones first, and the seconds that they take."""
    place = mutant.path, mutant.first, mutant.last
    passing = [one for one in session.items if known[one.nodeid].passed and known[one.nodeid].comes_by(*place)]
    passing.sort(key=lambda item: known[item.nodeid].cost)
    sums = list(accumulate(known[item.nodeid].seconds for item in passing))
    count = bisect(sums, MOST)
    return passing[:count], sums[count - 1] if count else 0.0


def survives(session: pytest.Session, mutant: Mutant, known: dict[str, Seen]) -> bool:
    """Whether no test notices the change."""
    items, seconds = chosen(session, mutant, known)
    source = PROJECT / mutant.path

    def unnoticed() -> bool:
        patch(source, mutant.code)
        return none_fails(session, items)

    return in_child(unnoticed, 3 * seconds + SPARE)


def main() -> int:
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutants", phases=phases, derandomize=True, database=None, deadline=None)
    hypothesis.settings.load_profile("mutants")
    plugin = Mutation(sys.argv[1:])
    options = ["-qq", "-s", "-p", "no:cacheprovider", "-p", "no:warnings", "--tb=no", "--timeout", "60"]
    options += ["-m", "not lab and not reliability"]
    os.chdir(PROJECT)
    pytest.main([*options, *(f"tests/{folder}" for folder in TESTS)], plugins=[plugin])
    return plugin.status


if __name__ == "__main__":
    sys.exit(main())
