"""The tables of docs/benchmarks.md are what was measured."""

from __future__ import annotations

from tests.bench.__main__ import TABLE, by_hand, table


def test_each_table_is_made_of_the_rounds_that_are_kept() -> None:
    assert TABLE.read_text() == f"{by_hand()}\n\n{table()}"
