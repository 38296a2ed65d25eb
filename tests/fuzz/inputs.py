"""Odd answers, made of real ones: what a number, an input and a seed make is always the same."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from typing import Any, Callable

from ospreyops.remote.command import Answer

SIGNS = [
    *("\0", "\x1b[2J", "\x9b31m", "\r", "\x0b", "\x85", "\u2028", "\u202e", "\ud800", "\ufffd", "\u0661\u0662", "é"),
    *(" ", "\t", "\n", "\n\n", "=", ",", ":", '"', "'", "\\", ";", "$(id)", "-", "/", "..", "{", "}", "[", "]", "!"),
]
NUMBERS = ["-1", "0", "1", "65536", "9" * 12, "9" * 19, "9" * 5000, "1e400", "NaN", "Infinity", "0x10", "1.", "٣", ""]
WORDS = ["null", "[]", "{}", "true", "x" * 3000, "[" * 3000, '{"a":' * 3000, " " * 3000, "\n" * 3000, "v" * 300]
ODD: list[Any] = [
    *(None, True, -1, 1.5, 10**30, float("nan"), float("inf"), "", "9" * 5000, "\ud800", "\x1b[2J", "x;touch y"),
    *([], {}, [None], {"": None}, [[[]]], ["a", 1], {"a": {"b": ["c"]}}),
]
"""What may stand in place of any value of JSON."""
LONGEST = 30_000
"""Signs of an odd text: what a longer one costs is another test."""


def odd(seeds: list[Answer], chance: random.Random) -> Answer:
    """One of the answers, changed here and there."""
    answer = chance.choice(seeds)
    if chance.random() < 0.1:
        answer = replace(answer, code=chance.choice([-1, 0, 1, 7, 124, 126, 127, 255]), late=chance.random() < 0.2)
    if answer.err and chance.random() < 0.3:
        return replace(answer, err=_odd_text(answer.err, [one.err for one in seeds], chance))
    return replace(answer, out=_odd_text(answer.out, [one.out for one in seeds], chance))


def _odd_text(text: str, others: list[str], chance: random.Random) -> str:
    for _ in range(chance.choice([1, 1, 2, 4, 8])):
        text = chance.choice(WAYS)(text, others, chance)[:LONGEST]
    return text


def _cut(text: str, _: list[str], chance: random.Random) -> str:
    begin, end = sorted(chance.randint(0, len(text)) for _ in "12")
    return text[:begin] + (text[end:] if chance.random() < 0.7 else "")


def _put(text: str, _: list[str], chance: random.Random) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(chance.choice([SIGNS, SIGNS, NUMBERS, WORDS])) + text[at:]


def _flipped(text: str, _: list[str], chance: random.Random) -> str:
    """The text with another sign at one place: in what is binary, another byte."""
    at = chance.randint(0, len(text))
    return text[:at] + chr(chance.randint(0, 255)) + text[at + 1 :]


def _twice(text: str, _: list[str], chance: random.Random) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = chance.randrange(len(lines))
    return "".join([*lines[:at], lines[at] * chance.choice([2, 50]), *lines[at:]])


def _swapped(text: str, _: list[str], chance: random.Random) -> str:
    lines = text.splitlines(keepends=True)
    chance.shuffle(lines)
    return "".join(lines)


def _spliced(text: str, others: list[str], chance: random.Random) -> str:
    other = chance.choice(others)
    return text[: chance.randint(0, len(text))] + other[chance.randint(0, len(other)) :]


def _renumbered(text: str, _: list[str], chance: random.Random) -> str:
    found = list(re.finditer("[0-9]+", text))
    if not found:
        return text
    one = chance.choice(found)
    return text[: one.start()] + chance.choice(NUMBERS) + text[one.end() :]


def _reworded(text: str, _: list[str], chance: random.Random) -> str:
    found = list(re.finditer(r"[^\s\"=:,]+", text))
    if not found:
        return text
    one = chance.choice(found)
    return text[: one.start()] + chance.choice([*SIGNS, *WORDS]) + text[one.end() :]


def _revalued(text: str, _: list[str], chance: random.Random) -> str:
    """The text with another value somewhere in its JSON, which is a line of it, or all from the first brace on."""
    begins = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    lines = [line for line in text.splitlines() if line[:1] in ("{", "[")]
    for part in [*chance.sample(lines, min(3, len(lines))), *([text[min(begins) :]] if begins else [])]:
        try:
            data, end = json.JSONDecoder().raw_decode(part)
        except (ValueError, RecursionError):
            continue
        return text.replace(part[:end], json.dumps(_exchanged(data, chance)), 1)
    return text


def _exchanged(data: Any, chance: random.Random) -> Any:
    """The data with an odd value in place of one of its own."""
    if not data or not isinstance(data, (dict, list)) or chance.random() < 0.15:
        return chance.choice(ODD)
    key = chance.choice(list(data) if isinstance(data, dict) else range(len(data)))
    data[key] = _exchanged(data[key], chance)
    return data


WAYS: list[Callable[[str, list[str], random.Random], str]] = [
    *(
        _cut,
        _put,
        _flipped,
        _flipped,
        _twice,
        _swapped,
        _spliced,
        _renumbered,
        _renumbered,
        _reworded,
        _revalued,
        _revalued,
        _revalued,
    ),
]
