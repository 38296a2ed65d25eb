"""pmset, which tells and sets when a Mac goes to sleep (field book: macos, 2)."""

from __future__ import annotations

import re
from typing import Optional

from ..remote.command import Command

NEVER_SLEEP = Command("pmset -a sleep 0 disksleep 0 powernap 0 autorestart 1 womp 1", 20, sudo=True)
"""Runbook: `sudo pmset sleep 0`; with -a, for without it the manual does not say what it is for."""


def show(limit: float) -> Command:
    """Show the settings of a Mac; nothing on another system."""
    return Command("! command -v pmset >/dev/null || pmset -g", limit)


def sleeps_after(printed: str) -> Optional[int]:
    """The minutes until the Mac sleeps, from `pmset -g`; None when it does not. Remarks and other keys are skipped."""
    found = re.search(r"^[ \t]*sleep[ \t]+([0-9]{1,6})\b", printed, re.MULTILINE)
    forbidden = re.search(r"^[ \t]*SleepDisabled[ \t]+1\b", printed, re.MULTILINE)
    return int(found[1]) or None if found and not forbidden else None
