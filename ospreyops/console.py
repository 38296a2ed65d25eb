"""The only module that prints."""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Optional

import colorama

from .colour import palette
from .errors import OspreyError
from .text import SIMPLER, as_typed, size, visible

FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
LONGEST_LINE = 10_000
"""Signs of a command's output that are kept until their line ends."""
PATIENCE = 1.0
"""Seconds until a step that goes on gets a spinner."""


class Screen:
    """The terminal, which the consoles of all hosts share.

    shared: several hosts print on it; unread: nobody reads standard output any more (`| head`).
    """

    def __init__(self) -> None:
        colorama.just_fix_windows_console()
        self.out, self.err = sys.stdout, sys.stderr
        self.lock = threading.RLock()
        self.terminal = self.out.isatty() and os.environ.get("TERM") != "dumb"
        self.colours, self.error_colours = (palette(os.environ, stream) for stream in (self.out, self.err))
        self.unicode = (getattr(self.out, "encoding", "") or "").lower().startswith("utf")
        self.shared = False
        self.unread = False
        self._transient = False

    def line(self, text: str, *, error: bool = False) -> None:
        """Print a line, and remove a transient one; errors go to standard error."""
        with self.lock:
            self._clear()
            self._write(self.err if error else self.out, text + "\n")

    def transient(self, text: str) -> None:
        """Show a line that the next one replaces."""
        with self.lock:
            self._clear()
            self._write(self.out, text[: shutil.get_terminal_size().columns - 1])
            self._transient = True

    def _write(self, out: IO[str], text: str) -> None:
        """Write; where nobody reads any more (`| head`), go on in silence: a change must not end half-way for that."""
        try:
            out.write(_fit(text, out))
            out.flush()
        except BrokenPipeError:
            self.unread = self.unread or out is self.out
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, out.fileno())
            os.close(nowhere)

    def _clear(self) -> None:
        if self._transient:
            self._transient = False
            self._write(self.out, "\r\x1b[2K")


def _fit(text: str, out: IO[str]) -> str:
    """The text, with a replacement for what the output's encoding does not have."""
    encoding = getattr(out, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(SIMPLER).encode(encoding, "replace").decode(encoding)
    return text


class Console:
    """Prints what is told of one host; its name is before each line when there are several."""

    def __init__(self, screen: Screen, name: str, *, verbose: bool = False) -> None:
        self.screen, self.name, self.verbose = screen, name, verbose
        self._last_wait = ""

    def say(self, text: str = "", style: str = "", *, mark: str = "", error: bool = False) -> None:
        """Print text, a line at a time. mark: what stands before it, with colours of its own."""
        for line in visible(as_typed(text)).split("\n"):
            prefix = self._paint(self._prefix(), "dim", error=error)
            self.screen.line(prefix + mark + self._paint(line, style, error=error), error=error)
            mark = ""

    def success(self, text: str) -> None:
        """Print that something is as it should be."""
        self.say(text, mark=f"{self._mark(good=True)} ")

    def error(self, error: OspreyError) -> None:
        """Print what is the case, what was completed, and what to try."""
        first, _, rest = str(error).partition("\n")
        told = f"{first}\n{rest}" if rest else first
        self.say(told, mark=f"{self._mark(good=False, error=True)} ", error=True)

    def dim(self, text: str) -> None:
        """Print something that matters less."""
        self.say(text, "dim")

    def row(self, good: Optional[bool], title: str, text: str) -> None:  # noqa: FBT001 (the mark stands first)
        """A row of a status table; good: None when there is nothing to judge."""
        self.say(f"{title:<9} {text}", mark=f"{self._mark(good=good, column=True)} ")

    def data(self, data: Any) -> None:
        """Print data as one line of JSON, without a prefix. JSON escapes every sign that is invisible, but one."""
        self.screen.line(json.dumps(data, default=list).replace("\x7f", "\\u007f"))

    def plain(self, line: str) -> None:
        """Print a line for a program or a shell, without a prefix."""
        self.screen.line(visible(line))

    def dry_step(self, why: str, line: str) -> None:
        """Show a step of a dry run."""
        self.say(f"# {why}", "dim")
        self.say(line)

    @contextmanager
    def step(self, why: str, line: str, outcome: Optional[str]) -> Iterator[None]:
        """Show why a step is done and its line, then its outcome and how long it took; a wait has no outcome yet."""
        self._last_wait = ""
        self.say(why, mark=f"{self._paint('•' if self.screen.unicode else '*', 'step')} ")
        self.dim(f"  $ {line}")
        start = time.monotonic()
        try:
            with self._busy():
                yield
            if outcome is None:
                return
        except BaseException:
            self.say(f"{time.monotonic() - start:.1f} s", mark=f"  {self._mark(good=False)} ")
            raise
        self.say(f"{outcome} ({time.monotonic() - start:.1f} s)", mark=f"  {self._mark(good=True)} ")

    @contextmanager
    def waiting(self, why: str) -> Iterator[None]:
        """Show the reason for a wait; once, however often it is looked at."""
        if why != self._last_wait:
            self._last_wait = why
            self.dim(f"  … {why}" if self.screen.unicode else f"  ... {why}")
        with self._busy():
            yield

    @contextmanager
    def progress(self, total: int) -> Iterator[Bar]:
        """A bar for bytes that are transferred."""
        bar = Bar(total)
        with self._busy(bar):
            yield bar
        self.dim(f"    {bar}")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Hold all output while somebody is asked for something."""
        with self.screen.lock:
            yield

    def lines(self, indent: str = "    ") -> Lines:
        """A file for a command's own output, shown line by line."""
        return Lines(self, indent)

    @contextmanager
    def _busy(self, bar: Optional[Bar] = None) -> Iterator[None]:
        """Show a spinner while the block takes longer than a second, on a terminal of one host."""
        if not self.screen.terminal or self.screen.shared or not self.screen.unicode:
            yield
            return
        over = threading.Event()

        def spin() -> None:
            start = time.monotonic()
            wait = PATIENCE
            while not over.wait(wait):
                wait = 0.1
                passed = time.monotonic() - start
                frame = FRAMES[int(passed * 10) % len(FRAMES)]
                self.screen.transient(f"  {frame} {bar or ''} {passed:.0f} s")

        thread = threading.Thread(target=spin, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _prefix(self) -> str:
        return f"{self.name:<10} | " if self.screen.shared and self.name else ""

    def _mark(self, *, good: Optional[bool], error: bool = False, column: bool = False) -> str:
        marks = ("✓", "✗") if self.screen.unicode else ("ok", "FAILED")
        mark = "" if good is None else marks[0] if good else marks[1]
        space = " " * (max(map(len, marks)) - len(mark)) if column else ""
        return self._paint(mark, "good" if good else "bad", error=error) + space

    def _paint(self, text: str, style: str, *, error: bool = False) -> str:
        return (self.screen.error_colours if error else self.screen.colours).paint(text, style)


class Bar:
    """How many of the bytes are transferred."""

    def __init__(self, total: int) -> None:
        self.total, self.done, self._start = total, 0, time.monotonic()

    def __str__(self) -> str:
        share = self.done / self.total if self.total else 1
        rate = self.done / max(time.monotonic() - self._start, 0.001)
        return (
            f"[{'=' * int(share * 24):<24}] {share:4.0%} {size(self.done)} of {size(self.total)}, {size(int(rate))}/s"
        )


class Lines(io.StringIO):
    """Prints what is written to it on a console, in whole lines."""

    def __init__(self, console: Console, indent: str) -> None:
        super().__init__()
        self._console, self._indent, self._rest = console, indent, ""

    def write(self, text: str) -> int:
        """Show the lines that are complete."""
        *whole, self._rest = (self._rest + text.replace("\r", "\n")).split("\n")
        if len(self._rest) > LONGEST_LINE:
            whole, self._rest = [*whole, self._rest], ""
        for line in filter(None, whole):
            self._console.say(self._indent + line, "dim" if self._indent else "")
        return len(text)

    def end(self) -> None:
        """Show the last line, which had no end."""
        if self._rest:
            self.write("\n")
