"""df, which tells how much room a disk has."""

from __future__ import annotations

import re
from typing import Optional


def free(printed: str) -> Optional[int]:
    """The free bytes: the third of df's numbers; what comes before and after them may have spaces.

    None where df has no answer, or the file system no size, such as an automounter's map on a Mac.
    """
    found = re.search(r"\s([0-9]{1,15})\s+-?[0-9]+\s+(-?[0-9]{1,15})\s+[0-9]+%", printed)
    return max(0, int(found[2])) * 1024 if found and int(found[1]) else None
