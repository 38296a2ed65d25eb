"""Something else listens on the service's port.

Field book: vboxmanage, 6: a rule whose port is taken is added without a word, and does not work.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Facts
from ..goals.network import check_port
from ..step import Step
from ..target import Target


def repair(facts: Facts, target: Target) -> Iterator[Step]:
    """Say who listens on the service's port; ends nothing.

    Only a person can know what it is for. Errors: Blocked.
    """
    check_port(facts, target)
    yield from ()
