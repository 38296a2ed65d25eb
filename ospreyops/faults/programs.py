"""The host lacks a program that lines there need."""

from __future__ import annotations

from collections.abc import Iterator

from ..facts import Facts
from ..goals.rollout import check_programs
from ..step import Step
from ..target import Target

HEAL_WAITS = False


def repair(facts: Facts, target: Target) -> Iterator[Step]:  # noqa: ARG001 (as of every fault)
    """Say what is to be installed there.

    Errors: Blocked, for only a person can install it.
    """
    check_programs(facts)
    yield from ()
