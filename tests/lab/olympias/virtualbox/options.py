"""Options of a command line, of which VBoxManage knows these and no other."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

from .errors import Syntax

PROGRESS = "0%...10%...20%...30%...40%...50%...60%...70%...80%...90%...100%"


def options(words: list[str], known: Mapping[str, str]) -> dict[str, str]:
    """The values of `--option VALUE …`, each of which must match its pattern; an empty pattern takes no value."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name = word[2:]
        if not word.startswith("--") or name not in known:
            raise Syntax(f"Unknown option: {word}" if word.startswith("-") else f"Invalid parameter '{word}'")
        if not known[name]:
            found[name] = ""
        elif not rest:
            raise Syntax(f"Missing argument to '{word}'")
        elif not re.fullmatch(known[name], rest[0]):
            raise Syntax(f"Invalid {word} argument '{rest[0]}'")
        else:
            found[name] = rest.pop(0)
    return found


def named(words: list[str]) -> tuple[str, list[str]]:
    """The machine's name, and the words after it."""
    if not words:
        raise Syntax("Missing parameter: machine name")
    return words[0], words[1:]


def progress() -> None:
    """What a command writes to standard error while VBoxSVC works, also when all goes well."""
    print(PROGRESS, file=sys.stderr)
