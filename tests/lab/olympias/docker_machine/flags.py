"""The command line as Go's flag package reads it, with flags after the arguments moved before them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

from .errors import Misuse, Unknown

Default = Union[bool, int, str, list[str]]
OF_THE_REAL_ONE = ("swarm", "engine-", "virtualbox-", "help", "h")


def parse(
    words: list[str], defaults: Mapping[str, Default], short: Mapping[str, str]
) -> tuple[dict[str, Any], list[str]]:
    """The flags' values and the arguments; a default says the flag's type, and a list that it may be repeated."""
    values: dict[str, Any] = {
        name: list(value) if isinstance(value, list) else value for name, value in defaults.items()
    }
    rest = _flags_first(words)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        word = rest.pop(0)
        if word == "--":
            break
        given, equals, value = word.lstrip("-").partition("=")
        name = short.get(given, given)
        if name not in defaults:
            if given.startswith(OF_THE_REAL_ONE):
                raise Unknown(f"the flag {word}")
            raise Misuse(f"flag provided but not defined: -{given}")
        if isinstance(defaults[name], bool) and not equals:
            values[name] = True
            continue
        if isinstance(defaults[name], bool):
            raise Unknown(f"a value for {word}")
        if not equals:
            if not rest:
                raise Misuse(f"flag needs an argument: -{given}")
            value = rest.pop(0)
        if isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = _number(given, value) if isinstance(defaults[name], int) else value
    return values, rest


def _flags_first(words: list[str]) -> list[str]:
    """The words from the first flag to `--`, then those before, then those from `--` on."""
    end = words.index("--") if "--" in words else len(words)
    first = next((number for number, word in enumerate(words[:end]) if word.startswith("-") and word != "-"), end)
    return words[first:end] + words[:first] + words[end:]


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Misuse(f'invalid value "{text}" for flag -{name}: parse error') from None
