"""Calls in a thread of their own, which does not keep the program from ending."""

from __future__ import annotations

import threading
from typing import Any, Callable, Optional


class Background:
    """A call that runs in a daemon thread: the program can end although the call never does."""

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

    def wait(self, limit: float) -> None:
        """Wait for the call's end. Errors: TimeoutError after the limit (seconds); whatever the call raised."""
        self.result(limit)
        if not self.over:
            raise TimeoutError("no answer in time")

    def result(self, limit: Optional[float] = None, otherwise: Any = None) -> Any:
        """What the call returned, or `otherwise` when it has not ended within the limit (seconds).

        Errors: whatever the call raised.
        """
        self._thread.join(limit)
        if self._error:
            raise self._error[0]
        return self._outcome[0] if self._outcome else otherwise
