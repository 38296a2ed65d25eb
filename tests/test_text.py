"""Sizes and tables, as people read them."""

from __future__ import annotations

from typing import Optional

import pytest

from ospreyops.text import ago, ago_iso, ahead, parse_json, parse_object, size, span, table, whole_number

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


NOON = 1_800_014_400
"""2027-01-15 12:00:00 UTC."""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((-5, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86399, "23 h")),
        *((86400, "1 day"), (364 * 86400, "364 days"), (365 * 86400, "1 year"), (800 * 86400, "2 years")),
    ],
)
def test_a_span_of_time_is_told_in_its_largest_unit(seconds: int, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON - 180, "3 min ago (11:57 UTC)"),
        (NOON - 13 * 3600, "13 h ago (2027-01-14 23:00 UTC)"),
        (NOON + 60, "0 s ago (12:01 UTC)"),
        (NOON + 61, "2027-01-15 12:01 UTC"),
    ],
)
def test_a_past_moment_is_told_as_people_say_it_with_the_date_of_another_day(moment: int, text: str) -> None:
    assert ago(moment, NOON) == text


def test_a_moment_to_come_is_told_until_it_has_passed() -> None:
    assert ahead(NOON + 420, NOON) == "in 7 min (12:07 UTC)"
    assert ahead(NOON - 420, NOON) == "7 min ago (11:53 UTC)"


def test_what_is_no_moment_stays_as_it_is() -> None:
    assert ago_iso("2027-01-15T11:57:00Z", NOON) == "3 min ago (11:57 UTC)"
    assert ago_iso("yesterday", NOON) == "yesterday"
