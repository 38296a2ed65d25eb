"""What goes wrong: a file per known fault, found by its name, which is also its task's (`inv fix.clock`).

A file's docstring names the fault. Its `repair(facts, target)` yields the steps that repair it, and none when the fault
is not there; their reasons are the evidence, and the first line of its docstring is the task's help.
IMPACT says what the repair may end; a file without it ends nothing. NEEDS_CONFIRMATION: only with --yes.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Callable, Optional

from ..errors import Blocked
from ..extensions import folders
from ..facts import Facts
from ..step import Step
from ..target import Target

__path__.extend(folders(__name__))

FIRST = (
    *("hung", "paused", "stopped", "docker", "clock", "certs", "address"),
    *("port", "service", "forward", "disk", "sleep"),
)
"""Causes before what they cause; a fault that is not named here comes last."""


@dataclass(frozen=True)
class Fault:
    """A known fault. about: what its repair does; impact: what that may end, None when it ends nothing."""

    name: str
    about: str
    impact: Optional[str]
    needs_confirmation: bool
    repair: Callable[[Facts, Target], Iterator[Step]]

    def evidence(self, facts: Facts, target: Target) -> Optional[str]:
        """Why the fault is there; None when it is not. The last step's reason: those before it prepare that one."""
        why = None
        try:
            for step in self.repair(facts, target):
                why = step.why
        except Blocked as error:
            return error.case
        return why


@cache
def registry() -> tuple[Fault, ...]:
    """All faults, causes first."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        file = importlib.import_module(f"{__name__}.{module.name}")
        about = (file.repair.__doc__ or "").partition("\n")[0].rstrip(".")
        impact, confirm = getattr(file, "IMPACT", None), getattr(file, "NEEDS_CONFIRMATION", False)
        found.append(Fault(module.name, about, impact, confirm, file.repair))
    return tuple(sorted(found, key=lambda fault: FIRST.index(fault.name) if fault.name in FIRST else len(FIRST)))


def detect(facts: Facts, target: Target) -> list[tuple[Fault, str]]:
    """The faults that a look shows, each with its evidence."""
    return [(fault, why) for fault in registry() if (why := fault.evidence(facts, target))]
