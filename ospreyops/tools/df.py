"""df, which tells how much room a disk has."""

from __future__ import annotations

import re
from typing import Optional


def free(printed: str) -> Optional[int]:
    """The free bytes: the third of df's numbers; what comes before and after them may have spaces."""
    found = re.search(r"\s[0-9]+\s+-?[0-9]+\s+(-?[0-9]{1,15})\s+[0-9]+%", printed)
    return max(0, int(found[1])) * 1024 if found else None
