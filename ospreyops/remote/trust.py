"""Whether a host's key, and those of the hosts on the way, are known; and how one gets known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from ..errors import Blocked
from ..settings import Settings
from .command import quote
from .known_hosts import append
from .shown import Shown


@dataclass(frozen=True)
class AddKey:
    """Add a line to a file of known_hosts on this computer."""

    file: Path
    line: str

    def __str__(self) -> str:
        return f"echo {quote(self.line)} >>{quote(str(self.file))}"

    def perform(self, _: object) -> None:
        """Errors: Blocked when the file cannot be written."""
        try:
            append(self.file, self.line)
        except OSError as error:
            raise Blocked(f"{self.file} cannot be written: {error.strerror}") from None


def shown(settings: Settings, tell: Callable[[str], None]) -> Shown:
    """The key that the host shows.

    Errors: UnknownHostKey and ChangedHostKey, for the first host on the way whose key is not known; Unreachable.
    """
    from .ssh import connect
    from .ssh_errors import NotLetIn

    try:
        connection = connect(settings, tell)
    except NotLetIn as error:
        if error.login != settings.ssh:
            raise
        return Shown(error.key, refusal=error)
    with connection:
        return Shown.of(connection)
