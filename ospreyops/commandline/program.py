"""What `inv`, `fab` and `ospreyops` do with what is typed, beyond Invoke: they take it as it is meant."""

from __future__ import annotations

import atexit
import gc
import os
import re
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

import invoke
from invoke.exceptions import ParseError
from invoke.parser import Argument, Parser, ParserContext
from invoke.util import yaml

from .listing import Flags, flags_of, task_flags

NAME = re.compile("[A-Za-z0-9_][A-Za-z0-9_.@:-]*")
"""What may be a host. A shell that offers such a name runs nothing that stands in it."""

OBJECTS = 100_000
"""New objects until Python looks for those that only hold each other. At 700, its default, a look does so 118 times."""
PLAIN = {"TERM": "dumb", "NO_COLOR": "1"}
"""What --plain is short for."""


class CommandLine(invoke.Program):
    """A program whose tasks are those of this tool."""

    def core_args(self) -> list[Argument]:
        """Those of Invoke, and --plain."""
        text = "no colours, nothing that changes in place, whole lines"
        return [*super().core_args(), Argument(names=("plain",), kind=bool, default=False, help=text)]

    def parse_tasks(self) -> None:
        """Read what was typed, as it is meant. Errors: Usage."""
        if "--plain" in self.argv[1:]:
            os.environ.update(PLAIN)
        complete = self.args.complete.value
        if complete or not (self.core.unparsed or self.args.help.value):
            super().parse_tasks()
            return
        from ..console import Console, Screen
        from ..errors import Usage
        from .argv import Vocabulary, meant
        from .shells import script

        try:
            try:
                if self.core.unparsed[:1] == ["completion"]:
                    sys.stdout.write(script(self.core.unparsed[1:], self.binary_names))
                    raise invoke.Exit
                known = Vocabulary(self._core(), self._tasks(), self._hosts())
                self.argv = [self.argv[0], *meant(self.argv[1:], known)]
                self.parse_core_args()
                super().parse_tasks()
            except (ParseError, ValueError) as error:
                raise Usage(str(error)) from None
        except Usage as error:
            Console(Screen(), "").error(error)
            error.printed = True
            raise

    def parse_cleanup(self) -> None:
        """Print what a TAB offers, or what Invoke prints: lists and help. It is no error when nobody reads on."""
        try:
            if self.args.complete.value:
                self._complete()
            super().parse_cleanup()
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise invoke.Exit from None

    def print_task_help(self, name: str) -> None:
        """Print the help of a task."""
        from ..console import Console, Screen
        from .help import page

        console, own = Console(Screen(), ""), [*self.parser.contexts[name].args.values()]
        for line in page(name, self.collection[name], own, self.core_args()):
            console.say(line, whole=True)

    def _complete(self) -> None:
        from .completion import offered

        words = self.core.remainder.split(" ")[1:]
        sys.stdout.write("".join(f"{word}\n" for word in offered(words, self._core(), self._tasks(), self._hosts())))
        raise invoke.Exit

    def _core(self) -> Flags:
        return flags_of(self.initial_context.args.values())

    def _tasks(self) -> Mapping[str, Flags]:
        """Each task, and each other name of one, with its flags."""
        names = self.collection.task_names
        return {known: task_flags(self.collection, name) for name, others in names.items() for known in (name, *others)}

    def _hosts(self) -> Collection[str]:
        """The hosts and groups of the files of settings; a task tells what is wrong there."""
        found: list[str] = []
        for osprey in (self.config.get("osprey"), own_settings()):
            for part in (osprey.get("hosts"), osprey.get("groups")) if isinstance(osprey, Mapping) else ():
                found += map(str, part) if isinstance(part, Mapping) else ()
        return [name for name in dict.fromkeys(found) if NAME.fullmatch(name)]

    def _make_parser(self) -> Parser:
        """Invoke's parser, which knows the tasks that are named: it would copy all options of all others."""
        typed = {*self.core.unparsed, self.args.help.value}
        names = self.collection.task_names.items()
        named = [(name, others) for name, others in names if typed & {name, *others}]
        contexts = [ParserContext(name, others, self.collection[name].get_arguments()) for name, others in named]
        return Parser(contexts, self.initial_context)


def adopt() -> None:
    """Have the program that loads tasks.py, `inv` or `fab`, go on as one of these: Invoke has no hook for that."""
    for name in ("invoke.main", "fabric.main"):
        running: Any = getattr(sys.modules.get(name), "program", None)
        if isinstance(running, invoke.Program) and "core" in vars(running):
            running.__class__ = type("Running", (CommandLine, type(running)), {})
            sys.excepthook = _unreadable
            collect_less()


def collect_less() -> None:
    """Have Python look for unused objects less, and not at its end, when the system takes all memory back anyway.

    A command line is over soon: both took a third of its processor time.
    """
    gc.set_threshold(OBJECTS)
    atexit.register(gc.freeze)


def _unreadable(kind: type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
    """Say in one line what Invoke cannot read beside tasks.py. It does that next, before it comes to this module."""
    from ..config import tell_unreadable

    tell_unreadable(kind, error, trace)


def own_settings() -> Any:
    """What the user's own file says under `osprey`; nothing where it cannot be read. This loads no other module."""
    base = Path(os.environ.get("XDG_CONFIG_HOME", ""))
    load: Any = yaml.safe_load
    with suppress(OSError, RuntimeError, ValueError, yaml.YAMLError):
        folder = base if base.is_absolute() else Path("~/.config").expanduser()
        found = load((folder / "ospreyops.yaml").read_text("utf-8"))
        return found.get("osprey") if isinstance(found, dict) else None
    return None
