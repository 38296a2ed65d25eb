"""Find files from outside of this checkout that add to a package: a fault, or a kind of machine."""

from __future__ import annotations

import sys
from pathlib import Path


def folders(package: str) -> list[str]:
    """The folders on Python's path that add to a package: PYTHONPATH=~/mine, and ~/mine/ospreyops/faults/x.py.

    One with an `__init__.py` is another copy of the package, perhaps an older one, and adds nothing.
    """
    found = [Path(entry).joinpath(*package.split(".")) for entry in sys.path]
    return [str(folder) for folder in found if folder.is_dir() and not (folder / "__init__.py").exists()]
