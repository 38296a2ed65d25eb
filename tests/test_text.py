"""Sizes and tables, as people read them."""

from __future__ import annotations

from typing import Optional

import pytest

from ospreyops.text import parse_json, parse_object, size, table, whole_number

SIZES = {0: "0 B", 999: "999 B", 1500: "1.5 kB", 9_949: "9.9 kB", 9_999: "10 kB", 999_999: "1.0 MB", 10**13: "10000 GB"}


@pytest.mark.parametrize(("count", "text"), SIZES.items())
def test_sizes_are_told_in_two_or_three_digits(count: int, text: str) -> None:
    assert size(count) == text


def test_the_columns_of_a_table_stand_below_each_other() -> None:
    assert table([["NAME", "SIZE"], ["osprey/service:0.3", "734 MB"], ["x", ""]]).splitlines() == [
        *("NAME                SIZE", "osprey/service:0.3  734 MB", "x"),
    ]


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', "[" * 101 + "]" * 101, "[" * 100_000, "{", ""])
def test_json_with_a_name_twice_or_nested_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"twice|nested|Expecting"):
        parse_json(text)


@pytest.mark.parametrize(
    "text", ["", " ", "[1]", '"{"', "{", '\ufeff{"a": 1}', '\xa0{"a": 1}', '{"a": 1} x', "9", "null"]
)
def test_what_is_no_object_of_json_is_an_empty_one(text: str) -> None:
    assert parse_object(text) == {}
    assert parse_object('\r\n\t {"a": 1}\n') == {"a": 1}


def test_a_number_of_json_that_no_other_program_reads_is_a_text() -> None:
    assert parse_json("[1, 1.5, NaN, -Infinity, 1e400]") == [1, 1.5, "NaN", "-Infinity", "1e400"]
    assert parse_json("9" * 5000) == "9" * 5000


@pytest.mark.parametrize(("text", "number"), [(" 7\n", 7), ("-1", None), ("٣", None), ("9" * 19, None), ("", None)])
def test_a_whole_number_is_told_from_what_is_none(text: str, number: Optional[int]) -> None:
    assert whole_number(text) == number
