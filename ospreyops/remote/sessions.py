"""The login sessions of a host: one SSH connection at a time, and one more for as long as a lock is held over it."""

from __future__ import annotations

from typing import Any, Callable

from ..settings import Settings


class Sessions:
    """The connections to one host. Nothing is connected before it is needed.

    tell: is told in a sentence when ssh cannot be asked.
    """

    def __init__(self, settings: Settings, tell: Callable[[str], None]) -> None:
        self._settings, self._tell = settings, tell
        self._current: Any = None
        self._kept: Any = None

    @property
    def current(self) -> Any:
        """The connection that lines run over. Errors: those of `ssh.connect`."""
        from . import ssh

        if self._current is None:
            self._current = ssh.connect(self._settings, self._tell)
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
