"""A terminal of so many columns with a program on it, and what a person would see there."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from typing import Callable

import pexpect
import pyte

from tests.conftest import PROJECT

LIMIT = 120
"""Seconds until a program must have shown what is awaited."""


class Terminal:
    """A program on a terminal, killed at the end of the block. The screen is kept with all that has left it."""

    def __init__(self, *words: str, columns: int = 80, lines: int = 24, env: Mapping[str, str] = os.environ) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=2000, ratio=1)
        self._stream = pyte.ByteStream(self.screen)
        usual = {**env, "TERM": "xterm-256color", "PYTHONUTF8": "1"}
        for name in ("NO_COLOR", "COLUMNS", "LINES"):
            usual.pop(name, None)
        self.raw = b""
        self.child: pexpect.spawn[bytes] = pexpect.spawn(
            sys.executable, [*words], cwd=str(PROJECT), env=usual, dimensions=(lines, columns), timeout=LIMIT
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.isalive():
            self.child.kill(signal.SIGKILL)
        self.child.close()

    def until(self, seen: Callable[[str], bool]) -> str:
        """Wait until the screen is as it is asked to be, and give it."""
        end = time.monotonic() + LIMIT
        while not seen(self.text):
            assert time.monotonic() < end, f"the screen never was as it is asked to be:\n{self.text}"
            self._read()
        return self.text

    def end(self) -> list[str]:
        """Wait for the program's end; all lines that it leaves, in colours or not."""
        try:
            while True:
                self._read()
        except pexpect.EOF:
            self.child.close()
        return self.lines

    @property
    def text(self) -> str:
        """What is on the screen now."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    @property
    def lines(self) -> list[str]:
        """What has left the screen at its top, and what is on it."""
        columns = range(self.screen.columns)
        above = ["".join(line[at].data for at in columns).rstrip() for line in self.screen.history.top]
        below = [line.rstrip() for line in self.screen.display]
        while below and not below[-1]:
            below.pop()
        return [*above, *below]

    def _read(self) -> None:
        part = self.child.read_nonblocking(65536, LIMIT)
        self.raw += part
        self._stream.feed(part)
