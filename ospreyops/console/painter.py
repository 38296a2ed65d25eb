"""Paints what goes on: rows that change in place on a terminal, elsewhere a plain line now and then.

rich draws the rows. It is imported with the first row on a terminal, so that `inv --list`, and a run off a terminal, do
not pay for it. Where it is not installed, as in the watchdog's file, a terminal gets the plain lines, too.
"""

from __future__ import annotations

import io
import os
import threading
from typing import IO, Any, Callable, Optional, Protocol

FRAMES, ASCII_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
FRAME = 0.1
"""Seconds between two frames."""
HEARTBEAT = 10.0
"""Seconds without a line after which a plain one is due."""
Write = Callable[[IO[str], str], None]
Size = Callable[[], os.terminal_size]


class Row(Protocol):
    """What goes on on one host. place: among the rows."""

    place: int

    def painted(self, turn: int, columns: int) -> list[str]:
        """Its lines on a terminal of so many columns, in that turn of the spinner."""

    def tell(self) -> None:
        """Print a plain line if one is due."""


class Painter:
    """Paints the rows of all hosts.

    lock: of the screen; write: what writes on it; where: the terminal to paint on, None where plain lines are due.
    """

    def __init__(self, lock: threading.RLock, write: Write, where: Optional[IO[str]], size: Size) -> None:
        self._lock, self._write, self._where, self._size = lock, write, where, size
        self._rows: list[Row] = []
        self._over = threading.Event()
        self._closed = False
        self._turn = 0
        self._live: Any = None

    def begin(self, row: Row) -> None:
        """Show a row until it ends."""
        with self._lock:
            if self._closed:
                return
            self._rows = sorted([*self._rows, row], key=lambda one: one.place)
            if len(self._rows) == 1:
                self._over = threading.Event()
                threading.Thread(target=self._go_on, args=[self._over], daemon=False).start()
            self._frame()

    def end(self, row: Row) -> None:
        """Show the row no more."""
        with self._lock:
            if row in self._rows:
                self._rows.remove(row)
            if not self._rows:
                self._over.set()
                self.hide()

    def close(self) -> None:
        """Show nothing any more."""
        with self._lock:
            self._closed = True
            self._rows = []
            self._over.set()
            self.hide()

    def hide(self) -> None:
        """Clear the rows until the next frame. The caller has the lock."""
        if self._live:
            self._live.stop()
            self._live = None

    def print(self, out: IO[str], text: str) -> None:
        """Print above the rows. The caller has the lock."""
        if self._live and out is self._where:
            from rich.segment import Segment, Segments

            self._live.console.print(Segments([Segment(text)]), crop=False)
            return
        if out.isatty():
            self.hide()
        self._write(out, text)

    def _go_on(self, over: threading.Event) -> None:
        """Paint until the rows are over, or the program is: that waits for this thread, for a daemon might abort it."""
        while not over.wait(FRAME if self._where else 1) and threading.main_thread().is_alive():
            with self._lock:
                if over.is_set():
                    return
                self._frame()

    def _frame(self) -> None:
        """Paint all rows anew; off a terminal, tell of those of which nothing was heard."""
        if not self._where:
            for row in self._rows:
                row.tell()
            return
        from rich.live import Live
        from rich.text import Text

        size = self._size()
        lines = [line for row in self._rows for line in row.painted(self._turn, size.columns - 1)]
        self._turn += 1
        if not self._live:
            quiet: dict[str, Any] = {"auto_refresh": False, "redirect_stdout": False, "redirect_stderr": False}
            self._live = Live(console=self._console(), transient=True, **quiet)
            self._live.start()
        self._live.console.size = size
        self._live.update(Text("\n".join(lines), no_wrap=True, overflow="crop"), refresh=True)

    def _console(self) -> Any:
        from rich.console import Console

        assert self._where
        sink: Any = _Sink(self._where, self._write)
        return Console(file=sink, force_terminal=True, color_system=None, legacy_windows=False)


class _Sink(io.TextIOBase):
    """What rich writes to: the screen knows what to do where nobody reads any more."""

    def __init__(self, out: IO[str], write: Write) -> None:
        super().__init__()
        self._out, self._write = out, write

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed has an attribute
        """The terminal's."""
        return getattr(self._out, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write on the terminal."""
        self._write(self._out, text)
        return len(text)
