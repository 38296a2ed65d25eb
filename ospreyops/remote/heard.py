"""What is heard of a line before it has ended: which questions are answered, and how far a program has read."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import IO, Callable, Optional

from .command import Command

ROW = re.compile(r"^(\w+) -?[0-9]{1,3} [01] ")
"""How the row of an answer begins (ask.pl)."""
PROGRESS = re.compile(r"^ospreyops: ([0-9]{1,18}) of ([0-9]{1,18})\n", re.MULTILINE)
"""What a program says on its standard error of the bytes that it has read (gate.pl)."""
PROGRAMS = re.compile(
    r"(?<![\w./-])(VBoxManage|ssh|docker|systemctl|iptables|curl|openssl|lsof|ss|ps|pmset|df|tar|sha256sum)(?![\w./-])"
)
"""The programs that a question may wait for, the likeliest first in its line."""


def waited_for(name: str, question: Command) -> str:
    """What a question waits for, in a word: the first program of its line that may hang, else its own name."""
    found = PROGRAMS.search(question.line)
    return found[1] if found else name


class Answered(io.StringIO):
    """Takes what ask.pl prints. left: what is waited for; a name leaves it with the last question that waits for it."""

    def __init__(self, questions: Mapping[str, Command], left: set[str]) -> None:
        super().__init__()
        self._waiting = {name: waited_for(name, question) for name, question in questions.items()}
        self._left, self._line = left, ""
        left.update(self._waiting.values())

    def write(self, text: str) -> int:
        """Take in what was printed."""
        *whole, rest = text.split("\n")
        for part in whole:
            row = ROW.match(self._line + part)
            self._line = ""
            word = self._waiting.pop(row[1], None) if row else None
            if word and word not in self._waiting.values():
                self._left.discard(word)
        self._line = (self._line + rest)[:99]
        return len(text)


class Counted(io.StringIO):
    """Takes a line's standard error: the bytes that a program has read are counted, the rest is shown, if at all."""

    def __init__(self, count: Callable[[int, int], None], shown: Optional[IO[str]]) -> None:
        super().__init__()
        self._count, self._shown, self._rest = count, shown, ""

    def write(self, text: str) -> int:
        """Take in what was printed."""
        whole, end, self._rest = (self._rest + text).rpartition("\n")
        for said in PROGRESS.finditer(whole + end):
            self._count(int(said[1]), int(said[2]))
        if self._shown and (other := PROGRESS.sub("", whole + end)):
            self._shown.write(other)
        return len(text)
