"""The folders of simulated hosts on this computer: what they remember, and their histories."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path


@cache
def _all() -> str:
    folder = tempfile.mkdtemp(prefix="ospreyops-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def new_folder() -> Path:
    """A new folder, which is removed when this process ends."""
    return Path(tempfile.mkdtemp(dir=_all()))
