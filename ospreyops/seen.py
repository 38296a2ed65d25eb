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
IN, AS_ROOT = "in ", "as root in "
"""How the line begins that has the service's folder; the second one where root had to be asked about it."""


class Next(NamedTuple):
    """What is next for a host: why, in a clause, and the line without the command."""

    why: str
    line: str


class Place(NamedTuple):
    """Where the service is on a host.

    folder: its own; as_root: a look had to ask root, and sudo wants no password for that.
    """

    folder: str
    as_root: bool


NOWHERE = Place("", as_root=False)


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


def place_of(host: str) -> Place:
    """Where the service is on a host, as it was last seen; all empty where it was not."""
    for line in _read(host):
        for begin in (IN, AS_ROOT):
            if line.startswith(begin):
                return Place(line.removeprefix(begin), begin == AS_ROOT)
    return NOWHERE


def note(host: str, found: Iterable[str], running: Optional[str] = None, place: Place = NOWHERE) -> None:
    """Note the versions on a host, which runs, and where the service is.

    Where that cannot be done, a TAB offers less, and a look may ask once more.
    """
    where = f"{AS_ROOT if place.as_root else IN}{place.folder}"
    new = [*sorted(found, key=by_age), f"{RUNS}{running or ''}", where]
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
