"""What a host has of what the tool needs, beyond what a look tells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Optional


class Sudo(str, Enum):
    """What sudo lets the user do."""

    FREE = "without a password"
    ASKS = "by password"
    REFUSED = "not at all"


@dataclass(frozen=True)
class Engine:
    """Docker's engine. api: the newest version of its API that it speaks."""

    version: str
    api: str

    @property
    def too_old(self) -> bool:
        """It is older than boot2docker's last ones."""
        return [int(part) for part in self.version.split(".")[:2]] < [19, 3]


@dataclass(frozen=True)
class Needs:
    """What a host has. tools: the programs, of those that were asked for; perl, docker: versions, None without.

    podman: the docker command is Podman's. engine: None where it did not say. said: sudo's own words.
    """

    tools: frozenset[str]
    perl: Optional[str]
    docker: Optional[str]
    podman: bool
    sudo: Sudo
    said: str = ""
    engine: Optional[Engine] = None
