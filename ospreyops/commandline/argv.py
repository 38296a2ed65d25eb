"""What is meant by the words that are typed: as Invoke takes them, which knows tasks and long options alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from ..errors import Usage
from .listing import Flags
from .mistakes import no_such_option, no_such_task, no_such_word

VERSION = re.compile("[vV]?[0-9]")
VERSIONS = ("--version", "--drop-versions")
SAME = {"--dry-run": "--dry"}
"""Flags as other tools call them."""
TOOL = ("-V", "--version")
"""Flags of the tool that mean nothing after a task."""
HELP = ("-h", "--help")
HOST = ("-H", "--host")
ALONE = "<host>"
"""-H of a task that needs one, which may stand without the flag."""


class Vocabulary(NamedTuple):
    """What may be typed.

    core: the flags that are no task's own. tasks: name or alias -> its flags. hosts: those of the settings.
    """

    core: Flags
    tasks: Mapping[str, Flags]
    hosts: Collection[str] = ()


def meant(words: Sequence[str], known: Vocabulary) -> list[str]:
    """The words as Invoke takes them. Errors: Usage for one that is unknown, and for a value that is missing.

    `-H lab deploy v0.3` is `deploy --version v0.3 -H lab`, `help deploy` is `--help deploy`, `service logs` is
    `service.logs`, and `status lab` is `status -H lab`.
    """
    return _Reading(words, known).read()


class _Reading:
    """The words that are read, and those that are left.

    early: the flags of a task that stand before it. alone: the values of the task that stand without a flag.
    """

    def __init__(self, words: Sequence[str], known: Vocabulary) -> None:
        self.left, self.known = list(words), known
        self.out: list[str] = []
        self.early: list[str] = []
        self.hosts: list[str] = []
        self.task = ""
        self.alone: list[str] = []

    def read(self) -> list[str]:
        while self.left and self.left[0] != "--":
            word = self.left.pop(0)
            if word.startswith("-") and word != "-":
                self._flag(word)
            else:
                self._word(word)
        if (self.early or self.hosts) and not self.task:
            raise Usage("which task? inv --list shows them")
        self._end()
        return [*self.out, *self.left]

    def _word(self, word: str) -> None:
        """A word that is no flag, nor the value of one."""
        flags = self.known.tasks.get(self.task, {})
        if self.alone:
            (self.hosts if self.alone.pop(0) == ALONE else self.out).append(word)
        elif name := self._task(word):
            self._begin(name)
        elif word == "help":
            self._help()
        elif word == "list" and not self.task:
            self.out, self.left = [*self.out, "--list", *self.left], []
        elif any(name.startswith(f"{word}.") for name in self.known.tasks) and self.left[:1] in (
            [],
            *([h] for h in HELP),
        ):
            self.out, self.left = [*self.out, "--list", word], []
        elif "--version" in flags and VERSION.match(word):
            self.out += ["--version", _plain("--version", word)]
        elif self.task and word in self.known.hosts:
            self.hosts.append(word)
        elif self.task:
            raise no_such_word(word, self.task, self.known.tasks, self.known.hosts)
        else:
            raise no_such_task(word, self.known.tasks)

    def _task(self, word: str) -> str:
        """The task that the word begins, with the word after it where that belongs to it; "" for none."""
        tasks, following = self.known.tasks, self.left[0] if self.left else ""
        if f"{word}.{following}" in tasks and not (word in tasks and following in tasks):
            return f"{word}.{self.left.pop(0)}"
        return word if word in tasks else ""

    def _begin(self, task: str) -> None:
        if self.task:
            self._end()
        self.task = task
        alone = [name for name in self.known.tasks[task] if name.startswith("<")]
        self.alone = [name for name in alone if name != ALONE or not self.hosts]
        self.out += [task, *self.early]
        self.early = []

    def _end(self) -> None:
        """The end of a task's words: its hosts, however often -H was given."""
        if self.alone:
            raise Usage(f"{self.task} needs {self.alone[0].strip('<>').upper()}")
        if self.hosts:
            self.out += [HOST[0], ",".join(self.hosts)]
        self.hosts = []

    def _help(self) -> None:
        """`help`, alone, before a task, or after it."""
        name = self.task
        if self.left and not name:
            word = self.left.pop(0)
            name = self._task(word)
            if not name:
                raise no_such_task(word, self.known.tasks)
        self.out = ["--help", *([name] if name else [])]
        self.left, self.early, self.hosts, self.alone = [], [], [], []

    def _flag(self, word: str) -> None:
        name, given, value = word.partition("=")
        name = SAME.get(name, name)
        flags = self._flags()
        if name not in flags and name[:2] in flags and not name.startswith("--"):
            name, rest = word[:2], word[2:]
            if flags[name] is False:
                self.left.insert(0, f"-{rest}")
            else:
                given, value = "=", rest
        if name not in flags:
            raise no_such_option(name, self.task, flags)
        given_so = ALONE if name in HOST else f"<{name.lstrip('-')}>"
        self.alone = [one for one in self.alone if one != given_so]
        own = name not in self.known.core or (self.task and name in self.known.tasks[self.task])
        out = self.out if self.task or not own else self.early
        if self.task and name in HELP:
            self._help()
        elif flags[name] is False:
            if given:
                raise Usage(f"{name} takes no value")
            out.append(name)
        elif flags[name] is None:
            out += [name, *self._optional(name, given, value)]
        else:
            value = _plain(name, value if given else self._value(name, flags))
            if own and name in HOST:
                self.hosts.append(value)
            else:
                out += [name, value]

    def _flags(self) -> Flags:
        """The flags that may stand here. Before a task those of the tool win, after it its own."""
        core, tasks = self.known.core, self.known.tasks
        if self.task:
            return {**{name: kind for name, kind in core.items() if name not in TOOL}, **tasks[self.task]}
        pairs = zip(self.left, [*self.left[1:], ""])
        first = next((name for pair in pairs for name in (".".join(pair), pair[0]) if name in tasks), "")
        flags = [tasks[first]] if first else tasks.values()
        return {name: kind for known in (*flags, core) for name, kind in known.items()}

    def _value(self, name: str, flags: Flags) -> str:
        if not self.left or self.left[0] in flags or self.left[0] == "--":
            raise Usage(f"{name} needs a value")
        return self.left.pop(0)

    def _optional(self, name: str, given: str, value: str) -> list[str]:
        """The value of a flag that may have one: a task, or for --list a group of them."""
        if self.task and not given:
            return []
        if not given and (not self.left or self.left[0].startswith("-")):
            return []
        word = value if given else self.left.pop(0)
        if name in HELP:
            task = self._task(word)
            if not task:
                raise no_such_task(word, self.known.tasks)
            return [task]
        return [word]


def _plain(name: str, value: str) -> str:
    """The value of a flag; a version without the v that tags have."""
    return re.sub("(^|,)[vV](?=[0-9])", r"\1", value) if name in VERSIONS else value
