"""A line that only reads what a host remembers of its changes: it is run once for each state of those files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ospreyops.remote.command import Answer, Command

if TYPE_CHECKING:
    from tests.sim.host import SimHost

FILES = ("host", "history.jsonl")
"""What such a line reads, in the folder `.ospreyops` or in a host's own folder there."""
_known: dict[tuple[str, tuple[tuple[object, ...], ...]], Answer] = {}


def read(host: SimHost, command: Command) -> Answer:
    """What the line really comes to in the host's folder."""
    key = command.line, tuple(_states(host.files / ".ospreyops"))
    if key not in _known:
        _known[key] = host.really(command)
    return _known[key]


def _states(folder: Path) -> Iterator[tuple[object, ...]]:
    """What tells whether a file is another one than before, or was written to."""
    for at, folders, names in os.walk(folder):
        for name in (*folders, *({*names} & {*FILES})):
            found = os.lstat(os.path.join(at, name))
            yield os.path.relpath(at, folder), name, found.st_mode, found.st_ino, found.st_mtime_ns, found.st_size
