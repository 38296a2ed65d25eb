"""What goes wrong: a file per known fault, found by its name, which is also its task's (`inv fix.clock`).

A file has `cure(facts, site)`, which yields the steps that cure the fault, and none when the fault is not there: their
reasons are the evidence. COST says what a cure may end; "" when it ends nothing. ASKS: only with --yes.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Callable

from ..errors import Blocked
from ..facts import Facts
from ..plan import Step
from ..site import Site

FIRST = (
    *("hung", "paused", "stopped", "docker", "clock", "certs", "address"),
    *("port", "service", "forward", "disk", "sleep"),
)
"""Causes before what they cause; a fault that is not named here comes last."""


@dataclass(frozen=True)
class Fault:
    """A known fault."""

    name: str
    about: str
    cost: str
    asks: bool
    cure: Callable[[Facts, Site], Iterator[Step]]

    def evidence(self, facts: Facts, site: Site) -> str:
        """Why the fault is there; "" when it is not. The last step's reason, for those before it prepare that one."""
        why = ""
        try:
            for step in self.cure(facts, site):
                why = step.why
        except Blocked as error:
            return error.case
        return why


@cache
def known() -> tuple[Fault, ...]:
    """All faults, causes first."""
    found = []
    for module in pkgutil.iter_modules(__path__):
        file = importlib.import_module(f"{__name__}.{module.name}")
        about = (file.__doc__ or "").split("\n", 1)[0].rstrip(".")
        found.append(Fault(module.name, about, file.COST, getattr(file, "ASKS", False), file.cure))
    return tuple(sorted(found, key=lambda fault: FIRST.index(fault.name) if fault.name in FIRST else len(FIRST)))


def seen(facts: Facts, site: Site) -> list[tuple[Fault, str]]:
    """The faults that a look shows, each with its evidence."""
    return [(fault, why) for fault in known() if (why := fault.evidence(facts, site))]
