"""The commands that the documents name, `inv …`, `ospreyops …`, `make …` and the like, and what is wrong with one."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Collection, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import tasks
from ospreyops.commandline.program import CommandLine
from tests.docs.citations import DOCS, PROJECT, unfenced

PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
COMMAND = re.compile(r"(?:\$ +)?((?:\.venv/bin/)?(?:inv|ospreyops|fab|make|python -m tests\.\S+)(?: .*)?)")
INSIDE = re.compile(r"\$\(((?:inv|ospreyops) [^)]*)\)")
REMARK = re.compile(r" {2,}#.*| >\S+$")
HOSTS = ("lab", "box", "olympias", "grisman-36")
"""The hosts that the documents speak of."""
FOR_A_TASK = "deploy"
"""What stands for TASK."""


@dataclass(frozen=True)
class Typed:
    """A command, as a page has it."""

    page: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}: {self.text}"

    @property
    def words(self) -> list[str]:
        """What is typed behind the program's name; without what … stands for."""
        words = [word for word in shlex.split(self.text)[1:] if not word.startswith("…")]
        return [FOR_A_TASK if word == "TASK" else word for word in words]


def blocks(page: Path) -> list[str]:
    """The blocks of code of a page."""
    return BLOCK.findall(page.read_text())


def typed(page: Path) -> Iterator[Typed]:
    """The commands of a page, in its blocks and then in its sentences and tables."""
    name = page.relative_to(PROJECT).as_posix()
    for block in blocks(page):
        for command in in_block(block):
            yield Typed(name, command)
    for span in SPAN.findall(unfenced(page.read_text())):
        for command in in_line(" ".join(span.split())):
            yield Typed(name, command)


def in_block(block: str) -> Iterator[str]:
    for line in block.splitlines():
        yield from in_line(line)


def in_line(line: str) -> Iterator[str]:
    """The command that a line is, or that it has in $(…)."""
    plain = REMARK.sub("", line).strip()
    found = COMMAND.fullmatch(plain)
    yield from [found[1]] if found else INSIDE.findall(plain)


class Parsed(CommandLine):
    """The real command line, which does nothing once it has understood."""

    def execute(self) -> None:
        """Do nothing."""

    def _hosts(self) -> Collection[str]:
        return HOSTS


def wrong(command: Typed) -> str:
    """Why nobody could type that; "" when it is understood."""
    program = command.text.split()[0].rpartition("/")[2]
    if program == "make":
        return _make(command.words)
    if program == "python":
        return "" if find_spec(command.words[1]) else f"there is no {command.words[1]}"
    words = command.words[2:] if program == "fab" else command.words
    if words[:1] == ["fix.…"]:
        return ""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        try:
            Parsed(namespace=tasks.ns, name="inv", binary="inv", binary_names=["inv", "ospreyops"]).run(["inv", *words])
        except SystemExit as end:
            return out.getvalue() if end.code else ""
    return ""


def _make(words: list[str]) -> str:
    makefile = (PROJECT / "Makefile").read_text()
    for word in words:
        name, is_variable, _ = word.partition("=")
        there = f"$({name})" in makefile if is_variable else f"\n{name}:" in makefile
        if not there:
            return f"the Makefile has no {word}"
    return ""
