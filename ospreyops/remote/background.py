"""Calls that run beside the calling thread and must not hold the program when they never end."""

from __future__ import annotations

import threading
from typing import Any, Callable, Optional


class Background:
    """A call that runs beside this thread; it must not hold the program when it never ends."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._outcome: list[Any] = []
        self._error: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, args=[call], daemon=True)
        self._thread.start()

    def _run(self, call: Callable[[], Any]) -> None:
        try:
            self._outcome.append(call())
        except BaseException as error:  # noqa: BLE001 (raised again by result)
            self._error.append(error)

    @property
    def over(self) -> bool:
        """The call has ended."""
        return not self._thread.is_alive()

    def result(self, limit: Optional[float] = None, otherwise: Any = None) -> Any:
        """What the call gave, or raised; the other value when it does not end within the limit (seconds)."""
        self._thread.join(limit)
        if self._error:
            raise self._error[0]
        return self._outcome[0] if self._outcome else otherwise
