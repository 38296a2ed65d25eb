"""The part of Go's templates and tab stops that the field book shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Union

from .errors import Failure, Unknown

ACTION = re.compile(r"\{\{\s*(?:(\w+)\s+)?(\.[\w.]*)\s*\}\}")
PADDING = 3


class Template:
    """A text with `{{.Field}}` and `{{function .Field}}` in it."""

    def __init__(self, text: str, functions: Mapping[str, Callable[[Any], str]]) -> None:
        """Read the text; what the field book does not show is refused."""
        self.text = text
        self._functions = functions
        for found in ACTION.finditer(text):
            if found[1] and found[1] not in functions:
                raise Failure(f'template: :1: function "{found[1]}" not defined')
        if "{{" in ACTION.sub("", text) or "\\" in text:
            raise Unknown(f"the template {text}")

    def fill(self, value: Callable[[str, int], Any]) -> str:
        """The text, with what `value` gives for a path like `.Driver.SSHPort` and its column."""

        def insert(found: re.Match[str]) -> str:
            inserted = value(found[2], found.start(2))
            return self._functions[found[1]](inserted) if found[1] else show(inserted)

        return ACTION.sub(insert, self.text)


def show(value: object) -> str:
    """A value as Go prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{' '.join(map(show, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{show(value[key])}' for key in sorted(value))}]"
    return "<no value>" if value is None else str(value)


def compact(value: object) -> str:
    """JSON on one line, as Go writes a map."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def pretty(value: object) -> str:
    """JSON on many lines, as Go writes a map."""
    return json.dumps(value, sort_keys=True, indent=4)


def lookup(values: object) -> Callable[[str, int], Any]:
    """Values of nested maps by path; None for what is not there."""

    def value(path: str, column: int) -> Any:
        found: Union[object, None] = values
        for key in filter(None, path.split(".")):
            found = found.get(key) if isinstance(found, dict) else None
        return found

    return value


def columns(rows: list[list[str]]) -> str:
    """The rows' cells below each other; the last cell of a row is not padded."""
    widths = [max(map(len, column)) + PADDING for column in zip(*(row[:-1] for row in rows))]
    lines = ("".join(cell.ljust(width) for cell, width in zip(row, widths)) + row[-1] for row in rows)
    return "".join(f"{line}\n" for line in lines)
