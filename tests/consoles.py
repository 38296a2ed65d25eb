"""A console on a pseudo-terminal, as a person would have it before them, or with its output in files."""

from __future__ import annotations

import io
import os
import pty
import re
import select
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Optional

import pyte

from ospreyops.console import Console, Screen
from ospreyops.errors import Blocked

STEP = ("the service does not run", "./osprey-service --version 0.3", "the service runs")
"""Why a step is done, its line, and its outcome."""
ERROR = Blocked("the disk is full", evidence="df says\n100%", hint="inv image.prune").after(["docker load"])


class Terminal:
    """A pseudo-terminal: what a person would have before them."""

    def __init__(self) -> None:
        self._leader, follower = pty.openpty()
        self.out = os.fdopen(follower, "w", encoding="utf-8")
        self.err = os.fdopen(os.dup(follower), "w", encoding="utf-8")
        self.raw = ""

    def until(self, expected: str) -> None:
        """Wait until something is printed."""
        while not re.search(expected, self.raw):
            assert select.select([self._leader], [], [], 20)[0], f"not printed: {expected}"
            self.raw += os.read(self._leader, 65536).decode()

    def shown(self) -> list[str]:
        """The lines as they stay on the screen."""
        self.out.write("THE END\n")
        self.out.close()
        self.err.close()
        self.until("THE END\r\n")
        os.close(self._leader)
        screen = pyte.Screen(80, 200)
        pyte.Stream(screen).feed(self.raw)
        lines = [line.rstrip() for line in screen.display]
        return lines[: lines.index("THE END")]


@contextmanager
def on_terminal(err: Optional[io.StringIO] = None) -> Iterator[tuple[Console, Terminal]]:
    """A console on a terminal."""
    terminal = Terminal()
    with redirect_stdout(terminal.out), redirect_stderr(err or terminal.err):
        yield Console(Screen(), "olympias"), terminal


@contextmanager
def in_files() -> Iterator[tuple[Console, io.StringIO, io.StringIO]]:
    """A console whose output and errors go to files."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        yield Console(Screen(), "olympias"), out, err


def everything(console: Console) -> None:
    """Print something of each kind."""
    console.say("said")
    console.success("good")
    console.error(ERROR)
    console.row(True, "service", "runs")
    console.row(None, "", "more")
    console.dry_step(*STEP[:2])
    with console.step(*STEP), console.progress(10) as bar:
        bar.done = 10
    with console.waiting("it starts"):
        pass
    console.lines().write("10 %\r20 %\nwhole\nrest")
