"""What goals, repairs and machines work on: a host's name, its settings, and where its Docker runs."""

from __future__ import annotations

from dataclasses import dataclass

from .machines import Machine, machine
from .settings import Settings


@dataclass(frozen=True)
class Target:
    """A host as the pure part of the tool knows it: nothing here connects or prints."""

    name: str
    settings: Settings
    machine: Machine


def target(settings: Settings) -> Target:
    """The target that the settings describe. Errors: Usage for a kind of machine that is not there."""
    return Target(settings.name, settings, machine(settings))
