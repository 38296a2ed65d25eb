"""What goes wrong: a file per known fault, found by its name, which is also its task's (`inv fix.clock`).

A file's docstring names the fault. Its `repair(facts, target)` yields the steps that repair it, and none when the fault
is not there; their reasons are the evidence, and the first line of its docstring is the task's help.
IMPACT says what the repair may end; a file without it ends nothing. NEEDS_CONFIRMATION: only with --yes.
HEAL_WAITS = False: what heals does not wait for a person to repair it.
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
from ..goals.loss import alive
from ..step import Step
from ..target import Target

__path__.extend(folders(__name__))

FIRST = (
    *("programs", "hung", "config", "paused", "stopped", "docker", "clock", "certs", "address"),
    *("port", "service", "forward", "disk", "sleep", "state"),
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
    heal_waits: bool = True

    def find(self, facts: Facts, target: Target) -> Optional[Finding]:
        """The fault as it is there; None when it is not."""
        try:
            steps = list(self.repair(facts, target))
        except Blocked as error:
            return Finding(self, error.case, error.hint or error.case)
        if not steps:
            return None
        cuts = alive(facts) is not None and any(step.ends for step in steps)
        return Finding(self, steps[-1].why, wants_yes=self.needs_confirmation or cuts)


@dataclass(frozen=True)
class Finding:
    """A fault that a look shows. evidence: the last step's reason: the steps before it prepare that one.

    way_out: what only a person can do about it; None where its task repairs it.
    wants_yes: the task wants a --yes: it changes how the host behaves, or ends what serves or computes.
    """

    fault: Fault
    evidence: str
    way_out: Optional[str] = None
    wants_yes: bool = False


@cache
def registry() -> tuple[Fault, ...]:
    """All faults, causes first."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        file = importlib.import_module(f"{__name__}.{module.name}")
        about = (file.repair.__doc__ or "").partition("\n")[0].rstrip(".")
        impact, confirm = getattr(file, "IMPACT", None), getattr(file, "NEEDS_CONFIRMATION", False)
        heal_waits = getattr(file, "HEAL_WAITS", True)
        found.append(Fault(module.name, about, impact, confirm, file.repair, heal_waits))
    return tuple(sorted(found, key=lambda fault: FIRST.index(fault.name) if fault.name in FIRST else len(FIRST)))


def detect(facts: Facts, target: Target) -> list[Finding]:
    """The faults that a look shows."""
    return [found for fault in registry() if (found := fault.find(facts, target))]
