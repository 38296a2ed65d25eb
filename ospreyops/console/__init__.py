"""The only package that prints."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Optional

from ..errors import EVIDENCE, OspreyError
from ..text import as_typed, visible
from .activity import Activity, Bar, Row, with_reason
from .screen import Screen

COLOUR = re.compile("\x1b[^m]*m")
__all__ = ["Bar", "Console", "Lines", "Screen"]
LONGEST_LINE = 10_000
"""Signs of a command's output that are kept until their line ends."""
WHOLE = re.compile(r" *(\$|#|try:|fix:|log:|next:) ")
"""How lines begin that somebody may copy: no line end is put into them."""


class Console:
    """Prints what is told of one host; its name is before each line when there are several."""

    def __init__(self, screen: Screen, name: str, *, verbose: bool = False) -> None:
        self.screen, self.name, self.verbose = screen, name, verbose
        self._last_wait = ""
        self._row = Row(self._prefix, self._still_going, screen.fitted, unicode=screen.unicode)

    @property
    def brief(self) -> bool:
        """A step leaves two short lines: its row showed it while it went on."""
        return self.screen.brief and not self.verbose

    def say(
        self,
        text: str = "",
        style: str = "",
        *,
        mark: str = "",
        error: bool = False,
        whole: bool = False,
        hang: int = 0,
    ) -> None:
        """Print text, a line at a time.

        mark: what stands before it, with colours of its own; whole: as it is; hang: columns by which a line that is too
        long goes on further to the right.
        """
        self._row.heard = time.monotonic()
        before = self._prefix()
        prefix = self._paint(before, "dim", error=error)
        for line in visible(as_typed(text)).split("\n"):
            hung = " " * len(COLOUR.sub("", mark))
            parts = [line] if whole or WHOLE.match(line) else self.screen.wrapped(line, len(before + hung), hang)
            for part in parts:
                self.screen.line(prefix + mark + self._paint(part, style, error=error), error=error)
                mark = hung
            mark = ""

    def success(self, text: str) -> None:
        """Print that something is as it should be."""
        self.say(text, mark=f"{self._mark(good=True)} ")

    def error(self, error: OspreyError) -> None:
        """Print what is the case, what was completed, and what to try."""
        lines = str(error).split("\n")
        if error.log:
            room = len(self._prefix())
            lines = [self.screen.cut(line, room) if line.startswith(EVIDENCE) else line for line in lines]
        told = "\n".join(lines)
        self.say(told, mark=f"{self._mark(good=False, error=True)} ", error=True)

    def dim(self, text: str) -> None:
        """Print something that matters less."""
        self.say(text, "dim")

    def row(self, good: Optional[bool], title: str, text: str) -> None:  # noqa: FBT001 (the mark stands first)
        """A row of a status table; good: None when there is nothing to judge."""
        begin = f"{title:<9} "
        self.say(begin + text, mark=f"{self._mark(good=good, column=True)} ", hang=len(begin) if title else 0)

    def data(self, data: Any) -> None:
        """Print data as one line of JSON, without a prefix. JSON escapes every sign that is invisible, but one."""
        self.screen.line(json.dumps(data, default=list).replace("\x7f", "\\u007f"))

    def plain(self, line: str) -> None:
        """Print a line for a program or a shell, without a prefix."""
        self.screen.line(visible(line))

    def dry_step(self, why: str, line: str) -> None:
        """Show a step of a dry run."""
        self.say(f"# {why}", "dim", whole=True)
        self.say(line, whole=True)

    @property
    def together(self) -> AbstractContextManager[Any]:
        """What is printed in the block stands together: no line of another host comes between."""
        return self.screen.lock

    @contextmanager
    def doing(self, what: str, *, line: str = "") -> Iterator[Activity]:
        """Show what goes on in the block: in the host's row, off a terminal in a line now and then."""
        with self._going_on(Activity(visible(what), visible(line))) as activity:
            yield activity

    @property
    def left(self) -> set[str]:
        """What has not answered yet, of what goes on; who asks adds it, and takes it away."""
        return self._row.stack[-1].left if self._row.stack else set()

    @contextmanager
    def step(self, why: str, line: str, outcome: Optional[str]) -> Iterator[None]:
        """Show why a step is done and its line, then its outcome and how long it took; a wait has no outcome yet."""
        self._end_wait()
        self._last_wait, shown = "", line.replace("\n", "\n  $ ")
        if not self.brief:
            self.say(why, mark=f"{self._paint('•' if self.screen.unicode else '*', 'step')} ")
            self.dim(f"  $ {shown}")
        try:
            with self.doing(why, line=line) as activity:
                yield
        except BaseException:
            failed = why if self.brief else ""
            self._ended(failed, activity, good=False)
            if self.brief:
                self.dim(f"  $ {shown}")
            raise
        if outcome is not None:
            with self.screen.lock:
                self._ended(outcome, activity, good=True)
                if self.brief:
                    self.dim(self.screen.cut(f"  $ {visible(line)}", len(self._prefix())))

    def _ended(self, text: str, activity: Activity, *, good: bool) -> None:
        """Say how a step ended, and how long it took."""
        took = ", ".join(filter(None, [f"{activity.seconds:.1f} s", activity.bar.summary if activity.bar else ""]))
        mark = f"{'' if self.brief else '  '}{self._mark(good=good)} "
        took = f" ({took})" if text else took
        if self.brief and good:
            text = self.screen.cut(text, len(self._prefix()) + 2 + len(took))
        self.say(f"{text}{took}", mark=mark)

    @contextmanager
    def waiting(self, why: str, passed: float = 0, limit: Optional[float] = None) -> Iterator[None]:
        """Show the reason for a wait; once, however often it is looked at. passed, limit: seconds of the whole wait."""
        wait = Activity(visible(why), limit=limit, before=passed)
        if why != self._last_wait:
            self._last_wait = why
            if not self.brief:
                self.dim(f"  {self._dots} {why}")
        self._row.wait = wait
        with self._going_on(wait):
            yield

    def _end_wait(self) -> None:
        """Leave a line of the wait that is over, where only its row has shown it."""
        wait, self._row.wait = self._row.wait, None
        if wait and self.brief:
            took = f" ({wait.seconds:.0f} s)"
            told = f"{self._dots} {wait.what}"
            self.dim(with_reason(self.screen.fitted, told, self.screen.columns - len(self._prefix() + took)) + took)

    @contextmanager
    def progress(self, total: int = 0) -> Iterator[Bar]:
        """A bar for bytes that are transferred; total: 0 where another program is to count them."""
        step = self._row.stack[-1] if self._row.stack else Activity("")
        step.bar = Bar(total)
        with self._going_on(step):
            yield step.bar
        if not self.brief and step.bar.total:
            self.dim(f"    {step.bar}")

    def counted(self, done: int, total: int) -> None:
        """Take in how many bytes a program of the host has read."""
        if self._row.stack and (bar := self._row.stack[-1].bar):
            bar.reach(done, total)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Hold all output while somebody is asked for something."""
        with self.screen.paused():
            yield

    def lines(self, indent: str = "    ") -> Lines:
        """A file for a command's own output, shown line by line."""
        return Lines(self, indent)

    @contextmanager
    def _going_on(self, activity: Activity) -> Iterator[Activity]:
        self._row.stack.append(activity)
        try:
            if len(self._row.stack) == 1:
                self._row.heard = time.monotonic()
                self.screen.begin(self._row)
            yield activity
        finally:
            self._row.stack.pop()
            if not self._row.stack:
                self._end_wait()
                self.screen.end(self._row)

    def _still_going(self, text: str) -> None:
        """Print a plain line of what goes on; on standard error, for a program may read standard output."""
        self.say(f"  {self._dots} {text}", error=True)

    @property
    def _dots(self) -> str:
        return "…" if self.screen.unicode else "..."

    def _prefix(self) -> str:
        return f"{self.name:<10} | " if self.screen.shared and self.name else ""

    def _mark(self, *, good: Optional[bool], error: bool = False, column: bool = False) -> str:
        marks = ("✓", "✗") if self.screen.unicode else ("ok", "FAILED")
        mark = "" if good is None else marks[0] if good else marks[1]
        space = " " * (max(map(len, marks)) - len(mark)) if column else ""
        return self._paint(mark, "good" if good else "bad", error=error) + space

    def _paint(self, text: str, style: str, *, error: bool = False) -> str:
        return (self.screen.error_colours if error else self.screen.colours).paint(text, style)


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
            self._console.say(self._indent + line, "dim" if self._indent else "", whole=not self._indent)
        return len(text)

    def end(self) -> None:
        """Show the last line, which had no end."""
        if self._rest:
            self.write("\n")
