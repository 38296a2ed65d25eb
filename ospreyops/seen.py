"""What was last seen of the hosts, for a TAB on the command line: it asks no host."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from .release import VERSION, by_age
from .text import whole_file


def folder() -> Path:
    """The folder of a file for each host, with the versions that are there; only its owner may read it."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path("~/.cache").expanduser()) / "ospreyops" / "releases"


def hosts() -> list[str]:
    """The hosts that were seen."""
    try:
        return sorted(path.name for path in folder().iterdir() if not path.name.startswith("."))
    except (OSError, RuntimeError):
        return []


def versions(names: Iterable[str]) -> list[str]:
    """The versions that were seen on any of those hosts, the newest first."""
    found = {version for name in names for version in _read(name) if VERSION.fullmatch(version)}
    return sorted(found, key=by_age, reverse=True)


def note(host: str, found: Iterable[str]) -> None:
    """Note the versions on a host. Where that cannot be done, a TAB offers less."""
    new = sorted(found, key=by_age)
    if _read(host) == new:
        return
    with suppress(OSError, RuntimeError):
        for made in (folder().parent, folder()):
            made.parent.mkdir(parents=True, exist_ok=True)
            made.mkdir(mode=0o700, exist_ok=True)
        whole_file(folder() / host, "".join(f"{version}\n" for version in new))


def _read(host: str) -> list[str]:
    try:
        return (folder() / host).read_text("utf-8", "replace").split("\n")[:-1]
    except (OSError, RuntimeError):
        return []
