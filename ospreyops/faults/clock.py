"""The VM's clock drifted from its host's.

Runbook: `docker-machine ls` shows `remote error: tls: bad certificate`, the service becomes unresponsive.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Facts
from ..goals.machine import clock_synced
from ..step import Step
from ..target import Target


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Set the VM's clock."""
    return clock_synced(facts, target)
