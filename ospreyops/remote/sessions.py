"""The login sessions of a host: one SSH connection at a time, and one more for as long as a lock is held over it."""

from __future__ import annotations

from typing import Any

from ..console import Console
from ..settings import Settings


class Sessions:
    """The connections to one host. Nothing is connected before it is needed."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._settings, self._console = settings, console
        self._current: Any = None
        self._kept: Any = None

    @property
    def current(self) -> Any:
        """The connection that lines run over. Errors: those of `ssh.connect`."""
        from . import ssh

        if self._current is None:
            with self._console.doing(f"connecting to {self._settings.name}"):
                self._current = ssh.connect(self._settings, lambda text: self._console.say(text, error=True))
        return self._current

    def keep(self) -> None:
        """Let the connection that is used now outlive `renew`: a lock is held over it."""
        self._kept = self._current

    def renew(self) -> None:
        """End the login session. What runs after that runs in one that begins then."""
        before, self._current = self._current, None
        if before is not None and before is not self._kept:
            before.close()

    def release(self) -> None:
        """No lock is held any more: one connection is enough."""
        before, self._kept = self._kept, None
        if before is not None and before is not self._current:
            before.close()
