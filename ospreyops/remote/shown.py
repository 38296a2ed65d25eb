"""What an SSH server shows of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from ..errors import Unreachable


@dataclass(frozen=True)
class Shown:
    """The key that a host shows, which is known. banner: what its server calls itself; refusal: it lets nobody in."""

    key: Any
    banner: str = ""
    refusal: Optional[Unreachable] = None

    @classmethod
    def of(cls, connection: Any) -> Shown:
        """What was shown on a connection that stands."""
        transport = connection.transport
        return cls(transport.get_remote_server_key(), str(transport.remote_version))
