"""Format texts: sizes, tables, times and JSON."""

from __future__ import annotations

import calendar
import getpass
import json
import math
import os
import re
import sys
import time
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Optional, Union

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of control signs, of marks that turn the direction of text, and of other line ends."""
JSON_BLANKS = " \t\r\n"
"""What may stand before a value of JSON."""
ISO = "%Y-%m-%dT%H:%M:%SZ"
"""How the host's files have a moment."""
HINT = re.compile(r"\binv(?= [a-z-])")
SIMPLER = str.maketrans({"…": "..."})
"""How signs are written that an output's encoding lacks."""
YEAR = 365
"""Days from which on years are told."""
SKEW = 60
"""Seconds by which two clocks may differ."""
DIGITS = 18
"""Of the longest whole number that is taken from outside: 64 bits hold it."""
DEEPEST = 100
"""Levels of JSON that are taken from outside."""


def counted(number: int, noun: str) -> str:
    """A number with its noun: 1 step, 2 steps."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def either(words: Sequence[str]) -> str:
    """Some words to choose from: a, b or c."""
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def near(word: str, known: Iterable[str]) -> list[str]:
    """The words that somebody may mean who types that one: those that are about as much like it as the likeliest."""
    import difflib

    alike = {one: difflib.SequenceMatcher(None, one, word.lower()).ratio() for one in known}
    best = max(alike.values(), default=0)
    return [one for one in sorted(alike, key=lambda one: -alike[one]) if alike[one] > max(0.6, best - 0.05)]


def whole_file(path: Path, text: str) -> None:
    """Write a file of this computer, whole or not at all. Errors: OSError."""
    import tempfile

    descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(new).replace(path)


def bracketed(address: str) -> str:
    """An address as URLs and scp take it: an IPv6 address in brackets."""
    return f"[{address}]" if ":" in address else address


def size(count: int) -> str:
    """Bytes for people, in powers of 1000 as Docker prints them."""
    value, units = float(count), ["B", "kB", "MB", "GB"]
    while round(value, 1 if value < 9.95 else 0) >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.1f} {units[0]}" if value < 9.95 and units[0] != "B" else f"{value:.0f} {units[0]}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns as wide as they need to be."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def visible(text: str) -> str:
    """The text with its invisible signs as escapes: what a host or a service says must not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(_escaped(sign) if unicodedata.category(sign) in INVISIBLE else sign for sign in text)


def _escaped(sign: str) -> str:
    return sign if sign in "\t\n" else sign.encode("unicode_escape").decode()


def command() -> str:
    """The tool's command, as it was typed."""
    return "ospreyops" if Path(sys.argv[0]).name == "ospreyops" else "inv"


def as_typed(text: str) -> str:
    """The text, whose hints name the command that was typed: they are written with `inv`."""
    return HINT.sub(command(), text)


def who() -> str:
    """The user of this computer."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid-{os.getuid()}"


def iso_utc(seconds: float) -> str:
    """A moment as the host's files have it: ISO 8601, in UTC."""
    return time.strftime(ISO, time.gmtime(seconds))


def from_iso(moment: str) -> Optional[float]:
    """The epoch seconds of a moment as the host's files have it; None for anything else."""
    try:
        return calendar.timegm(time.strptime(moment, ISO))
    except (ValueError, OverflowError):
        return None


def span(seconds: float) -> str:
    """How long something takes, in the largest unit that fits: 12 s, 3 min, 5 h, 2 days, 6 years."""
    whole = max(0, int(seconds))
    for unit, length in (("s", 60), ("min", 60), ("h", 24)):
        if whole < length:
            return f"{whole} {unit}"
        whole //= length
    return counted(whole, "day") if whole < YEAR else counted(whole // YEAR, "year")


def ago(moment: float, now: Optional[float] = None) -> str:
    """A past moment as people say it: 3 min ago (17:47 UTC). One that a wrong clock puts ahead has its date alone."""
    now = time.time() if now is None else now
    return _utc(moment) if moment > now + SKEW else f"{span(now - moment)} ago ({_utc(moment, now)})"


def ahead(moment: float, now: Optional[float] = None) -> str:
    """A moment to come: in 7 min (17:57 UTC). One that has passed is said as `ago` says it."""
    now = time.time() if now is None else now
    return f"in {span(moment - now)} ({_utc(moment, now)})" if moment > now else ago(moment, now)


def ago_iso(moment: str, now: Optional[float] = None) -> str:
    """The same as `ago`, of a moment as the host's files have it; what is no moment stays as it is."""
    seconds = from_iso(moment)
    return moment if seconds is None else ago(seconds, now)


def _utc(moment: float, now: float = 0) -> str:
    """A moment in UTC, with its date unless it is that of `now`."""
    there = time.gmtime(moment)
    same_day = there[:3] == time.gmtime(now)[:3]
    return time.strftime("%H:%M UTC" if same_day else "%Y-%m-%d %H:%M UTC", there)


def whole_number(text: str) -> Optional[int]:
    """A whole number, with blanks around it; None for anything else, and for one that nothing counts so high."""
    digits = text.strip(" \t\n")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= DIGITS else None


def parse_object(text: str) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    if not text.lstrip(JSON_BLANKS).startswith("{"):
        return {}
    try:
        found = parse_json(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def parse_json(text: Union[str, bytes]) -> Any:
    """JSON with each name once. Errors: ValueError.

    NaN, and a number that no other program can read, are texts. Python alone takes them for numbers.
    """
    try:
        found = json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=str, object_pairs_hook=_unique)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    level = [found]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inner(one)]
        if not level:
            return found
    raise ValueError("it is nested too deeply")


def _inner(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _whole(digits: str) -> Union[int, str]:
    return int(digits) if len(digits) <= DIGITS else digits


def _finite(digits: str) -> Union[float, str]:
    return number if math.isfinite(number := float(digits)) else digits


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("it has a name twice")
    return found


def ascii_json(data: Any) -> str:
    """JSON that any login shell takes in quotes."""
    return json.dumps(data).replace("!", "\\u0021")
