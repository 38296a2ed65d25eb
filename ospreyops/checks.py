"""Check the values of settings, each by its kind."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import Usage
from .secret import SERVER, Secret

NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.@:-]*[A-Za-z0-9_])?")
URL = re.compile(r"https://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?$")
VERSION, SHA256 = re.compile(r"[0-9]+(\.[0-9]+)+"), re.compile("(sha256:)?[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Kind:
    """A kind of text that a setting must be. keys: ends of settings' names; also: further values that are fine."""

    name: str
    keys: tuple[str, ...]
    pattern: re.Pattern[str]
    also: tuple[str, ...] = ()
    hint: str = ""


NOTIFY = re.compile(rf"https?://{SERVER.pattern}[!-~]*$|(?!.*://)", re.IGNORECASE)
PATH, PATH_HINT = re.compile("/|~/"), "a path that begins with / or ~/"
KINDS = (
    Kind("a URL of the service", (".public",), URL, ("", "none"), "https://olympias.cs.duke.edu:44342, or none"),
    Kind("a program, or a URL of http or https", (".notify",), NOTIFY),
    Kind("the name of a VM", (".vm",), re.compile(f"{NAME.pattern}$")),
    Kind("the name of a user", (".owner",), re.compile(f"{NAME.pattern}$"), ("",)),
    Kind("an absolute path", (".folder", ".archive"), PATH, (), PATH_HINT),
    Kind("an absolute path", (".vm_store", ".vm_registry", ".python"), PATH, ("",), PATH_HINT),
)


def checked(where: str, value: Any, default: Any) -> Any:
    """The value in the default's type. Errors: Usage when it is of another type, or does not fit."""
    if isinstance(default, int):
        return _checked_number(where, value)
    if isinstance(default, tuple):
        return _checked_pins(where, value)
    if isinstance(default, Secret):
        secret = value if isinstance(value, Secret) else Secret(str(value))
        _check_text(where, secret.reveal() if isinstance(value, (str, Secret)) else None, secret)
        return secret
    _check_text(where, value, value)
    return value


def _check_text(where: str, value: Any, shown: object) -> None:
    """Errors: Usage, with what may be shown of the value, when it is no text, or does not fit."""
    if not isinstance(value, str):
        raise Usage(f"{where} is {reprlib.repr(shown)}, not text")
    if any(ord(character) < 32 for character in value):
        raise Usage(f"{where} is {shown!r}: it has control characters")
    for kind in KINDS:
        if where.endswith(kind.keys) and value not in kind.also and not kind.pattern.match(value):
            raise Usage(f"{where} is {shown!r}, not {kind.name}", hint=kind.hint)


def _checked_pins(where: str, value: Any) -> tuple[tuple[str, str], ...]:
    if value == ():
        return ()
    hint = f'{{"0.3": sha256:{"0123456789abcdef" * 4}}}, as sha256sum prints it'
    if not isinstance(value, Mapping):
        raise Usage(f"{where} is {value!r}, not a mapping of versions", hint=hint)
    found = []
    for version, digest in value.items():
        if not isinstance(version, str) or not VERSION.fullmatch(version):
            raise Usage(f"{where} has {version!r}, which is no version in quotes", hint=hint)
        if not isinstance(digest, str) or not SHA256.fullmatch(digest):
            raise Usage(f"{where}.{version} is {digest!r}, not a sha256", hint=hint)
        found.append((version, digest.rpartition(":")[2].lower()))
    return tuple(found)


def _checked_number(where: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Usage(f"{where} is {reprlib.repr(value)}, not a whole number")
    top = 65535 if where.endswith("port") else 86400
    if not 0 <= value <= top or (value == 0 and not where.endswith(".port")):
        raise Usage(f"{where} is {value}, not between 1 and {top}")
    return value
