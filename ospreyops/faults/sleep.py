"""The host may go to sleep, and with it the service.

Runbook: "just disable hibernation".
"""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Facts
from ..step import Step
from ..target import Target
from ..text import counted
from ..tools.pmset import NEVER_SLEEP

NEEDS_CONFIRMATION = True


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Keep the Mac awake, and start it after a power cut."""
    if facts.host.sleeps_after:
        why = f"{target.name} goes to sleep after {counted(facts.host.sleeps_after, 'minute')}"
        yield Step(why, NEVER_SLEEP, f"{target.name} does not sleep by itself any more")
