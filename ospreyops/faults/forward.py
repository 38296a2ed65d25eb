"""The service's port leads nowhere: its rule is missing, doubled or wrong, or nothing listens for it.

Runbook: "The port forwarding must be done every time the service is started."
"""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Facts
from ..goals.network import forwarded
from ..goals.traffic import routed
from ..step import Step
from ..target import Target


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Forward the service's port again."""
    if facts.engine and facts.engine.containers:
        yield from forwarded(facts, target)
        yield from routed(facts, target)
