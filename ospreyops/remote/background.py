"""Calls in threads of their own, which do not keep the program from ending, and their calls to the main thread."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import Future
from typing import Any, Callable, Optional

_for_main: queue.SimpleQueue[Callable[[], Any]] = queue.SimpleQueue()
"""What the main thread is to call while it waits: a question to the user, or nothing, to look whether a call ended."""


def on_main_thread(call: Callable[[], Any]) -> Any:
    """What the call returns, made in the main thread while that waits for a background call.

    Only there does Ctrl-C end a question to the user, and leave the terminal as it was.
    Errors: whatever the call raises.
    """
    if _on_main():
        return call()
    answer: Future[Any] = Future()

    def make() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:
            answer.set_exception(error)
            if not isinstance(error, Exception):
                raise

    _for_main.put(make)
    return answer.result()


class Outcome:
    """What a call came to, for any thread that waits for it."""

    def __init__(self) -> None:
        self._returned: list[Any] = []
        self._error: list[BaseException] = []
        self._ended = threading.Event()

    def make(self, call: Callable[[], Any]) -> None:
        """Make the call in this thread."""
        try:
            self._returned.append(call())
        except BaseException as error:  # noqa: BLE001 (raised again by result)
            self._error.append(error)
        self._ended.set()
        _for_main.put(_nothing)

    @property
    def over(self) -> bool:
        """The call has ended."""
        return self._ended.is_set()

    @property
    def failed(self) -> bool:
        """The call has raised an error."""
        return bool(self._error)

    def wait(self, limit: float) -> None:
        """Wait for the call's end. Errors: TimeoutError after the limit (seconds); whatever the call raised."""
        self.result(limit)
        if not self.over:
            raise TimeoutError("no answer in time")

    def result(self, limit: Optional[float] = None, otherwise: Any = None) -> Any:
        """What the call returned, or `otherwise` when it has not ended within the limit (seconds).

        Errors: whatever the call raised.
        """
        if _on_main():
            self._serve(limit)
        else:
            self._ended.wait(limit)
        if self._error:
            raise self._error[0]
        return self._returned[0] if self._returned else otherwise

    def _serve(self, limit: Optional[float]) -> None:
        """Wait, and make the calls that are meant for the main thread; they take nothing of the limit."""
        left = limit
        while not self.over and (left is None or left > 0):
            since = time.monotonic()
            call = _next_call(left)
            left = None if left is None else left - (time.monotonic() - since)
            call()


class Background(Outcome):
    """A call that runs in a daemon thread: the program can end although the call never does."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__()
        self._thread = threading.Thread(target=self.make, args=[call], daemon=True)
        self._thread.start()

    def result(self, limit: Optional[float] = None, otherwise: Any = None) -> Any:
        """As of every outcome; a thread whose call has ended is gone then.

        Python before 3.14 may abort where it ends while such a thread is about to (cpython issue 87135).
        """
        try:
            return super().result(limit, otherwise)
        finally:
            if self.over:
                self._thread.join()


def _next_call(limit: Optional[float]) -> Callable[[], Any]:
    try:
        return _for_main.get(timeout=limit)
    except queue.Empty:
        return _nothing


def _nothing() -> None:
    """Call for the main thread to look again."""


def _on_main() -> bool:
    return threading.current_thread() is threading.main_thread()
