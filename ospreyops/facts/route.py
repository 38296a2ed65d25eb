"""The kernel's rules for new connections to the service's port, where Docker is: one family of addresses each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional


@dataclass(frozen=True)
class Route:
    """How new connections of one family of addresses are led.

    used: somebody may come over it. refused: why its rules cannot be read, in the program's words; None when they can.
    switched: the port that ours lead to; None when there are none. leads: the address in ours; None without one.
    published: port -> Docker's own rule for it, in the words after its chain's name; a port that is not there is
    published by Docker's proxy alone. loopback: Docker's rules take connections over loopback, too.
    guarded: a firewall may not let other ports of the host in. others: rules of ours for other services' ports.
    """

    family: str
    used: bool = True
    refused: Optional[str] = None
    switched: Optional[int] = None
    leads: Optional[str] = None
    published: Mapping[int, str] = field(default_factory=dict)
    loopback: bool = False
    guarded: bool = False
    others: tuple[str, ...] = ()

    @property
    def astray(self) -> bool:
        """Our rules lead to an address that is not the one of Docker's own rule for that port any more."""
        if self.leads is None or self.switched is None:
            return False
        return not self.published.get(self.switched, "").endswith(f" {self.leads}")

    def through_firewall(self, port: int) -> bool:
        """A connection that is switched to that port meets the firewall as one to that port, not as Docker's own."""
        return self.used and self.guarded and port not in self.published
