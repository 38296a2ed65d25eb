"""The terminal: what is written on it, how wide it is, and where a line breaks."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import IO

from ..colour import palette
from ..text import SIMPLER
from .painter import Painter, Row

INDENT = re.compile(r"\s*(?:\| )?")
"""What stands before a line, and before what goes on from it in the next one."""
NARROWEST = 20
"""Signs of text that a line has room for at least."""


class Screen:
    """The terminal, which the consoles of all hosts share.

    shared: several hosts print on it; unread: nobody reads standard output any more (`| head`, a closed terminal).
    brief: a step leaves two short lines, for a person watches it in its row.
    """

    def __init__(self) -> None:
        if os.name == "nt":
            import colorama

            colorama.just_fix_windows_console()
        self.out, self.err = sys.stdout, sys.stderr
        self.lock = threading.RLock()
        self.dumb = os.environ.get("TERM") == "dumb"
        self.terminal = self.out.isatty() and not self.dumb
        self.colours, self.error_colours = (palette(os.environ, stream) for stream in (self.out, self.err))
        self.unicode = (getattr(self.out, "encoding", "") or "").lower().startswith("utf")
        self.shared = False
        self.unread = False
        painted = not self.dumb and find_spec("rich") is not None
        self.brief = self.terminal and painted
        where = next((out for out in (self.out, self.err) if out.isatty()), None) if painted else None
        self._painter = Painter(self.lock, self.write, where, self.size)
        atexit.register(self._painter.close)

    def size(self) -> os.terminal_size:
        """The size of the terminal, as it is now."""
        for out in (self.out, self.err):
            with suppress(OSError, ValueError):
                size = os.get_terminal_size(out.fileno())
                return size if all(size) else os.terminal_size((80, 24))
        return shutil.get_terminal_size()

    @property
    def columns(self) -> int:
        """The width of the terminal, as it is now."""
        return self.size().columns

    def line(self, text: str, *, error: bool = False) -> None:
        """Print a line above what is painted; errors go to standard error."""
        with self.lock:
            self._painter.print(self.err if error else self.out, text + "\n")

    def begin(self, row: Row) -> None:
        """Show a row of what goes on, as long as it has something to say."""
        self._painter.begin(row)

    def end(self, row: Row) -> None:
        """Show the row no more."""
        self._painter.end(row)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Hold all output while somebody is asked for something."""
        with self.lock:
            self._painter.hide()
            yield

    def still(self) -> None:
        """Say no more what goes on: nobody waits for it."""
        self._painter.close()

    def write(self, out: IO[str], text: str) -> None:
        """Write; where nobody reads any more, go on in silence: a change must not end half-way for that."""
        try:
            out.write(_fit(text, out))
            out.flush()
        except OSError:
            self.unread = self.unread or out is self.out
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, out.fileno())
            os.close(nowhere)

    def wrapped(self, text: str, before: int, hang: int = 0) -> list[str]:
        """A line as the terminal has room for it: what goes on is indented as it begins, and by hang.

        before: columns taken.
        """
        indent = INDENT.match(text)
        assert indent, "it matches anything"
        room = self.columns - before
        if not self.terminal or len(text) <= room:
            return [text]
        return textwrap.wrap(
            text[indent.end() :],
            max(room, NARROWEST + indent.end()),
            initial_indent=indent[0],
            subsequent_indent=indent[0] + " " * hang,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [text]

    def cut(self, text: str, before: int) -> str:
        """A line without what the terminal has no room for. before: columns taken."""
        return self.fitted(text, max(self.columns - before, NARROWEST)) if self.brief else text

    def fitted(self, text: str, room: int) -> str:
        """A text in so many columns of a terminal."""
        from rich.cells import cell_len, set_cell_size

        more = "…" if self.unicode else "..."
        return text if cell_len(text) <= room else set_cell_size(text, max(room - len(more), 0)).rstrip() + more


def _fit(text: str, out: IO[str]) -> str:
    """The text, with a replacement for what the output's encoding does not have."""
    encoding = getattr(out, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(SIMPLER).encode(encoding, "replace").decode(encoding)
    return text
