"""Which files have settings, in which order, and which variables."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Optional

from ..errors import Usage
from ..settings import KEYS, OLD_NAMES, Key
from .source import Mistake, Source, read_file

ENDINGS = ("yaml", "yml", "json")
PREFIX, FABRICS = "INVOKE_OSPREY_", "FABRIC_OSPREY_"
SCALARS = {key: known.default for key, known in KEYS.items() if known.name != "releases"}
"""The settings that a variable can have, each with its default; a mapping stands in a file."""
NUMBER = re.compile(r"-?[0-9]{1,18}")


def own_file() -> Path:
    """The user's own file of settings, which may not be there yet."""
    given = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(given) if Path(given).is_absolute() else _home() / ".config") / "ospreyops.yaml"


def shown(path: Path) -> str:
    """A path as its user would type it."""
    with suppress(OSError, ValueError):
        if (here := Path.cwd()) != _home():
            return str(path.relative_to(here))
    with suppress(ValueError):
        return f"~/{path.relative_to(_home())}"
    return str(path)


def project(start: Path) -> Optional[Path]:
    """The folder of the nearest invoke.yaml, there or above; None where there is none.

    In a folder where everybody may put files, another user's is not taken: it can name programs to run.
    """
    for folder in (start, *start.parents):
        found = _in(folder, "invoke")
        if found and not (_open_to_all(folder) and _of_somebody_else(found)):
            return folder
    return None


def files(project_prefix: Optional[str], runtime: Optional[str], *, sealed: bool) -> tuple[list[Source], list[Source]]:
    """The files that count less than the environment, the least first, and those that count more.

    runtime: the file of -f. sealed: there is no other.
    """
    last = [_given(Path(runtime))] if runtime else []
    if sealed:
        return [], last
    folders = [Path("/etc/invoke"), _home() / ".invoke"]
    if project_prefix:
        folders.append(Path(project_prefix) / "invoke")
    found = (_in(prefix.parent, prefix.name) for prefix in folders)
    mine = own_file()
    return [*(read_file(path, shown(path)) for path in found if path), read_file(mine, shown(mine), own=True)], last


def environment(variables: Mapping[str, str], hosts: Iterable[str]) -> Source:
    """What variables say for all hosts, and for one: INVOKE_OSPREY_FOLDER, INVOKE_OSPREY_HOSTS_OLYMPIAS_FOLDER."""
    keys = [*SCALARS, *OLD_NAMES]
    known: dict[str, Key] = {f"{PREFIX}{key}".upper(): (key,) for key in [*keys, "host"]}
    known.update({f"{PREFIX}HOSTS_{host}_{key}".upper(): ("hosts", host, key) for host in hosts for key in keys})
    data: dict[str, Any] = {}
    places, slips = {}, []
    for name in sorted(variables):
        if name in known:
            *parents, last = key = known[name]
            part = data
            for parent in parents:
                part = part.setdefault(parent, {})
            part[last], places[key] = _typed(last, variables[name]), name
        elif name.startswith(FABRICS):
            slips.append(Mistake(name, Usage("it is not read", hint=name.replace(FABRICS, PREFIX, 1))))
        elif name.startswith(PREFIX):
            near = difflib.get_close_matches(name, known, 1)
            slips.append(Mistake(name, Usage("it is not a setting that a variable has", hint="".join(near))))
    return Source("the environment", data, places, tuple(slips))


def _typed(key: str, text: str) -> Any:
    """The text as a number where the setting is one; another text is told by the check of the settings."""
    number = isinstance(SCALARS.get(OLD_NAMES.get(key, key)), int) and NUMBER.fullmatch(text)
    return int(text) if number else text


def _given(path: Path) -> Source:
    """The settings of the file that -f names, which has to be there."""
    if not path.exists():
        return Source(shown(path), slips=(Mistake(shown(path), Usage("the file of -f is not there")),))
    return read_file(path, shown(path))


def _home() -> Path:
    """The user's home; a folder that is not there for a user who has none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/nonexistent")


def _in(folder: Path, stem: str) -> Optional[Path]:
    found = (folder / f"{stem}.{ending}" for ending in ENDINGS)
    return next((path for path in found if os.path.lexists(path)), None)


def _open_to_all(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o002)


def _of_somebody_else(file: Path) -> bool:
    return os.name == "posix" and file.lstat().st_uid not in (0, os.getuid())
