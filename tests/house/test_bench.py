"""`make bench`: a row is a file, and is measured by its name."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest

from tests.bench import rows
from tests.bench.__main__ import ORDER, TABLE, by_hand, table
from tests.bench.figures import alternate, described
from tests.conftest import PROJECT

NAMES = [module.name for module in pkgutil.iter_modules(rows.__path__)]


@pytest.mark.parametrize("name", NAMES)
def test_each_row_says_what_it_measures(name: str) -> None:
    row = importlib.import_module(f"tests.bench.rows.{name}")
    assert callable(row.figures)
    assert str(row.__doc__).strip().endswith(".") and "\n" not in str(row.__doc__)


def test_each_row_of_a_whole_bench_is_in_the_document_as_it_was_measured() -> None:
    document = TABLE.read_text()
    assert document == f"{by_hand()}\n\n{table()}"
    assert [name for name in ORDER if f"**{name}: " not in document] == []


def test_a_row_that_is_not_there_is_answered_with_those_that_are() -> None:
    line = [sys.executable, "-m", "tests.bench", "lode"]
    done = subprocess.run(line, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert f"there is no row lode; there are {', '.join(NAMES)}" in done.stderr


def test_the_ways_go_in_turn_and_the_ratio_is_to_the_first() -> None:
    gone: list[str] = []

    def way(name: str, seconds: Iterator[float]) -> float:
        gone.append(name)
        return next(seconds)

    took = {"a": iter([2.0, 9.0, 4.0]), "b": iter([1.0, 1.0, 8.0])}
    figures = list(alternate({name: partial(way, name, seconds) for name, seconds in took.items()}, 3))
    assert gone == ["a", "b"] * 3
    assert [(one.seconds, one.ratio) for one in figures] == [(4.0, 1.0), (1.0, 0.25)]
    assert described("load: x", figures).splitlines()[-1] == "| b | 1 | 0.25 |  |"
