"""A megabyte of what is worst for a parser: one sign over and over, and what it looks for, which never ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ospreyops.remote.command import Answer
from tests.fuzz.parser import Parser

MEGABYTE = 1_000_000
RUNS = (" ", "\n", "9", "a", '"', "[", "-", ".")
INNER = (" ", "9", "a")
LINES = 4
"""Lines of a parser's seeds, of different words each, that are made long."""


def worst(parser: Parser) -> Iterator[Answer]:
    """Answers of a megabyte each, on standard output and on standard error."""
    for text in (*(sign * MEGABYTE for sign in RUNS), *_long(parser)):
        yield replace(parser.seeds[0], out=text, err=text if parser.seeds[0].err else "")


def _long(parser: Parser) -> Iterator[str]:
    """What the parser reads each day, over and over; and its lines, with no end, or with one inside that has none."""
    begin, repeated = parser.worst
    if repeated:
        yield begin + _filled(repeated)
    texts = [said for seed in parser.seeds for said in (seed.out, seed.err) if said]
    for text in texts[:2]:
        yield _filled(text)
        yield _filled(" ".join(text.split()))
    distinct = {re.sub("[0-9]+", "0", line): line for text in texts for line in text.split("\n") if line.strip()}
    for line in list(distinct.values())[:LINES]:
        yield _filled(line[:3000])
        middle = line.find(" ", len(line) // 2)
        for sign in INNER:
            yield line[:middle] + sign * MEGABYTE + line[middle:]


def _filled(text: str) -> str:
    return (text * (MEGABYTE // len(text) + 1))[:MEGABYTE]
