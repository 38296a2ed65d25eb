"""What was last seen of the hosts, for a TAB on the command line, and for what is next: no host is asked."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Optional

from .release import VERSION, by_age
from .text import whole_file

RUNS = "runs "
"""How the line begins that has the version which ran; without one where none did."""
IN = "in "
"""How the line begins that has the service's folder."""


class Next(NamedTuple):
    """What is next for a host: why, in a clause, and the line without the command."""

    why: str
    line: str


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


def after(host: str, found: Iterable[str], running: Optional[str]) -> Next:
    """What is next for a host that has those versions, of which one runs."""
    if running:
        return Next(f"a look at {host}", f"status -H {host}")
    if newest := max(found, key=by_age, default=""):
        return Next(f"bring the newest release to {host}", f"deploy {newest} -H {host}")
    return Next(f"bring a release to {host}, which had none", f"deploy 0.3 --from FILE -H {host}")


def next_for(host: str) -> Next:
    """What is next for a host, by what was last seen of it."""
    if not (known := _read(host)):
        return Next(f"what {host} needs, has and lacks", f"host.check {host}")
    ran = next((line for line in known if line.startswith(RUNS)), RUNS)
    return after(host, filter(VERSION.fullmatch, known), ran.removeprefix(RUNS) or None)


def folder_of(host: str) -> str:
    """The service's folder on a host, as it was last seen; "" where it was not."""
    return next((line for line in _read(host) if line.startswith(IN)), IN).removeprefix(IN)


def note(host: str, found: Iterable[str], running: Optional[str] = None, folder_there: str = "") -> None:
    """Note the versions on a host, which runs, and the service's folder.

    Where that cannot be done, a TAB offers less, and a look may ask once more.
    """
    new = [*sorted(found, key=by_age), f"{RUNS}{running or ''}", f"{IN}{folder_there}"]
    if _read(host) == new:
        return
    with suppress(OSError, RuntimeError):
        for made in (folder().parent, folder()):
            made.parent.mkdir(parents=True, exist_ok=True)
            made.mkdir(mode=0o700, exist_ok=True)
        whole_file(folder() / host, "".join(f"{line}\n" for line in new))


def _read(host: str) -> list[str]:
    try:
        return (folder() / host).read_text("utf-8", "replace").split("\n")[:-1]
    except (OSError, RuntimeError):
        return []
