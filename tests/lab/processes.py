"""The processes of this machine, by their command lines and their parents."""

from __future__ import annotations

import contextlib
from pathlib import Path


def having(*arguments: str) -> list[int]:
    """The processes whose command line has these arguments, one after the other."""
    mark = "\0".join(["", *arguments, ""]).encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark in entry.read_bytes():
                found.append(int(entry.parent.name))
    return found


def children(pid: int) -> list[int]:
    """The processes whose parent this one is."""
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []
