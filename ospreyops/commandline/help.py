"""The help of a task: how it is typed, what it does, and its options, those of every task last."""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import invoke
from invoke.parser import Argument
from invoke.parser.context import to_flag

from ..cli import OLD_FLAGS
from ..text import command, table

FIRST = ("version", "from", "yes")
"""The options of every day, of those that a task has to itself."""
SHARED = ("host", "verbose", "dry", "plain", "wait", "serial", "keep-going")
"""The options of every task, those of every day first."""
HIDDEN = (*OLD_FLAGS.values(), "R")
"""Flags that are still taken, and that nobody need learn."""
DRY = "show the lines that it would run, and run none"
VALUES = {
    **dict.fromkeys(("health-timeout", "drain", "timeout", "every"), "SECONDS"),
    **dict.fromkeys(("serial", "lines", "keep"), "N"),
    "from": "FILE",
    "host": "HOSTS",
    "command": "LINE",
    "drop-versions": "VERSIONS",
}
"""What follows an option, where that is not the option's own name."""


def page(name: str, task: invoke.Task[Any], own: Sequence[Argument], core: Sequence[Argument]) -> Iterator[str]:
    """The help of a task, a line each. own, core: the options of the task, and of the program."""
    columns = shutil.get_terminal_size().columns
    shared = {_name(argument): argument for argument in (*own, *core) if _name(argument) in SHARED}
    yield f"Usage: {' '.join([command(), name, *_alone(own), '[options]'])}"
    for paragraph in (inspect.getdoc(task) or "").split("\n\n"):
        yield ""
        yield from textwrap.wrap(paragraph, columns, break_on_hyphens=False)
    if flagged := [argument for argument in own if not argument.positional and _name(argument) not in SHARED]:
        yield from ("", "Options:", *_rows(sorted(flagged, key=_place), columns))
    known = [shared[one] for one in SHARED if one in shared]
    yield from ("", "Options of every task:", *_rows(known, columns))


def _name(argument: Argument) -> str:
    """The option's name, as it is typed."""
    return to_flag(str(argument.name)).lstrip("-")


def _alone(arguments: Sequence[Argument]) -> Iterator[str]:
    """What may stand without a flag."""
    for argument in arguments:
        if argument.positional:
            yield "NAME"
        elif _name(argument) == "version":
            yield "[VERSION]"


def _place(argument: Argument) -> tuple[int, str]:
    name = _name(argument)
    return FIRST.index(name) if name in FIRST else len(FIRST), name


def _rows(arguments: Sequence[Argument], columns: int) -> Iterator[str]:
    """A row for each option: its flags, and what they mean."""
    flags = table([[_flags(argument)] for argument in arguments]).split("\n")
    begin = max(map(len, flags)) + 2
    for flag, argument in zip(flags, arguments):
        text = DRY if _name(argument) == "dry" else argument.help or ""
        first, *more = textwrap.wrap(text, max(columns - begin, 20), break_on_hyphens=False)
        yield f"{flag:<{begin}}{first}"
        yield from (" " * begin + line for line in more)


def _flags(argument: Argument) -> str:
    """The flags of an option, without those that only older checklists have."""
    flags = [to_flag(name) for name in argument.names if name not in HIDDEN]
    short = [flag for flag in flags if not flag.startswith("--")]
    long = ", ".join([*short, *(flag for flag in flags if flag.startswith("--"))])
    value = f" {VALUES.get(_name(argument), _name(argument).upper())}" if argument.takes_value else ""
    return f"  {'' if short else '    '}{long}{value}"
