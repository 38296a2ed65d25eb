"""Where the lab keeps what takes long to make, and the lock that keeps processes from making it twice."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
from collections.abc import Iterator
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".cache" / "lab"


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder if need be, and keep other processes out of this place until the end."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def own(name: str) -> Iterator[Path]:
    """The first folder of NAME, NAME-2, NAME-3 … in the cache that no other process has, kept until the end."""
    for number in itertools.count(1):
        folder = CACHE / (f"{name}-{number}" if number > 1 else name)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "claim").open("w") as claim:
            if _taken(claim.fileno()):
                yield folder
                return


def _taken(file: int) -> bool:
    """Lock a file until it is closed; false if another process has it locked."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
