"""The tables of docs/benchmarks.md are what was measured."""

from __future__ import annotations

from tests.bench.__main__ import HEAD, ORDER, TABLE, by_hand, table


def test_each_table_is_made_of_the_rounds_that_are_kept() -> None:
    assert TABLE.read_text() == f"{by_hand()}\n\n{table()}"


def test_each_row_was_measured_whole() -> None:
    shown = TABLE.read_text().partition(HEAD)[2]
    assert [name for name in ORDER if f"**{name}: " not in shown] == []
