"""The user's own file of settings: made once, and given hosts, with its comments left as they are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from invoke.util import yaml

from ..errors import Blocked
from .places import own_file, shown
from .source import LOADER, Source, read

YAML: Any = yaml
HEAD = """\
# Your own settings of ospreyops. No checkout has this file; it counts before the invoke.yaml of a checkout.
# Each setting, with its default: docs/settings.md. What counts for a host, and why: ospreyops config -H HOST
osprey:
"""
TAIL = """\
  # Settings here count for all hosts, as this one:
  # health_timeout: 120
  # Groups of hosts, for -H lab:
  # groups: {lab: [HOST, HOST]}
"""


def new_text(name: str, values: Mapping[str, Any]) -> str:
    """The file with its first host, which is the one for tasks without -H; without one for the name ""."""
    if not name:
        return f"{HEAD}{TAIL}  hosts: # ospreyops host.add NAME puts a host here\n"
    return f"{HEAD}  host: {_yaml(name)} # for a task without -H\n{TAIL}  hosts:\n{entry(name, values, 4)}"


def entry(name: str, values: Mapping[str, Any], indent: int, step: int = 2) -> str:
    """A host as lines of YAML."""
    blanks = " " * indent
    rows = "".join(f"{blanks}{' ' * step}{key}: {_yaml(value)}\n" for key, value in values.items())
    return f"{blanks}{_yaml(name)}:{'' if rows else ' {}'}\n{rows}"


def added(text: str, name: str, values: Mapping[str, Any]) -> Optional[str]:
    """The text with another host; None where the place for it cannot be told, as in braces."""
    if read(text, "").slips:
        return None
    root = _mapping(YAML.compose(text, LOADER)) if text.strip() else None
    if text.strip() and root is None and read(text, "").data:
        return None
    part = _value(root, "osprey")
    hosts = _value(_mapping(part and part[1]), "hosts")
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    if hosts:
        at, indent, step = _behind(hosts, lines)
        new = entry(name, values, indent, step)
    elif part:
        at = part[0].start_mark.line + 1
        inner = _mapping(part[1])
        indent = inner.value[0][0].start_mark.column if inner and inner.value else 2
        new = f"{' ' * indent}hosts:\n{entry(name, values, indent + 2)}"
    else:
        at, new = len(lines), f"osprey:\n  hosts:\n{entry(name, values, 4)}"
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    changed = "".join([*lines[:at], new.replace("\n", end), *lines[at:]])
    return changed if _is_added(read(text, ""), read(changed, ""), name, values) else None


def write(text: str) -> Path:
    """Write the file, whole or not at all; nobody else may read it. Errors: Blocked."""
    path = own_file()
    real = Path(os.path.realpath(path))
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        handle, new = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
            out.write(text)
        Path(new).replace(real)
    except OSError as error:
        raise Blocked(f"{shown(path)} cannot be written: {error.strerror}") from None
    return path


def current() -> Optional[str]:
    """The file's text; None where there is none. Errors: Blocked."""
    path = own_file()
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Blocked(f"{shown(path)} cannot be read: {error}") from None


def _yaml(value: Any) -> str:
    """A single value, in quotes where YAML needs them."""
    text: str = YAML.safe_dump(value, width=10_000)
    return text.partition("\n...")[0].strip()


def _mapping(node: Any) -> Any:
    """The node, where it is a mapping that is not in braces."""
    return node if isinstance(node, yaml.MappingNode) and not node.flow_style else None


def _value(node: Any, name: str) -> Any:
    return next(((key, value) for key, value in (node.value if node else ()) if key.value == name), None)


def _behind(hosts: Any, lines: list[str]) -> tuple[int, int, int]:
    """The line behind the last host and its comments, the hosts' indent, and how much further their settings are."""
    key, value = hosts
    if not (isinstance(value, yaml.MappingNode) and value.value):
        return key.start_mark.line + 1, key.start_mark.column + 2, 2
    indent: int = value.value[0][0].start_mark.column
    inner = next((one for _, one in value.value if isinstance(one, yaml.MappingNode) and not one.flow_style), None)
    step = inner.value[0][0].start_mark.column - indent if inner and inner.value else 2
    at = value.value[-1][0].start_mark.line + 1
    last = at
    while at < len(lines):
        blank, depth = not lines[at].strip(), len(lines[at]) - len(lines[at].lstrip())
        if not blank and depth <= indent:
            break
        at += 1
        last = last if blank else at
    return last, indent, step


def _is_added(before: Source, after: Source, name: str, values: Mapping[str, Any]) -> bool:
    hosts = before.data.get("hosts") or {}
    wanted = {**before.data, "hosts": {**hosts, name: dict(values)}} if isinstance(hosts, Mapping) else None
    return not after.slips and after.data == wanted
