"""A file of what the host remembers is damaged.

A power cut, a full disk or a hand may empty a file or leave half of it. Without `wanted`, nobody knows what to heal.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Blocked
from ..facts import Facts
from ..goals.desired import check_known, damage, way_out
from ..step import Step
from ..target import Target

HEAL_WAITS = False


def repair(facts: Facts, _: Target) -> Iterator[Step]:
    """Say which state file is damaged; changes nothing.

    Only a person can know what belongs into it. A deploy writes `wanted` anew. Errors: Blocked.
    """
    check_known(facts)
    for name in facts.host.damaged:
        raise Blocked(damage(facts, name), hint=way_out(facts, name))
    yield from ()
