"""Sizes and tables, as people read them."""

from __future__ import annotations

import pytest

from ospreyops.text import size, table

SIZES = {0: "0 B", 999: "999 B", 1500: "1.5 kB", 9_949: "9.9 kB", 9_999: "10 kB", 999_999: "1.0 MB", 10**13: "10000 GB"}


@pytest.mark.parametrize(("count", "text"), SIZES.items())
def test_sizes_are_told_in_two_or_three_digits(count: int, text: str) -> None:
    assert size(count) == text


def test_the_columns_of_a_table_stand_below_each_other() -> None:
    assert table([["NAME", "SIZE"], ["osprey/service:0.3", "734 MB"], ["x", ""]]).splitlines() == [
        *("NAME                SIZE", "osprey/service:0.3  734 MB", "x"),
    ]
