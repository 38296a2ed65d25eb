"""What gives the tasks about the settings themselves what they work on; none of them connects to a host."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import Any, Callable, Optional

import invoke
from invoke.parser import Argument

from .cli import Session, host_argument
from .config import configured
from .config.configuration import Configuration
from .console import Console
from .errors import Interrupted, OspreyError
from .text import visible


@dataclass(frozen=True)
class Desk:
    """What such a task works on. chosen: the hosts of a value of -H, or of none."""

    config: Configuration
    console: Console
    chosen: Callable[[Optional[str]], list[str]]
    dry: bool = False

    @property
    def interactive(self) -> bool:
        """Somebody can be asked."""
        return sys.stdin.isatty() and self.console.screen.out.isatty()

    def ask(self, question: str, default: str = "") -> str:
        """What somebody answers on the terminal; the default for an empty answer."""
        with self.console.paused():
            return input(visible(f"{question} [{default}]: " if default else f"{question}: ")).strip() or default


class DeskTask(invoke.Task[Any]):
    """A task whose body takes a Desk; its parameter `host`, where it has one, is -H."""

    def get_arguments(self, ignore_unknown_help: Optional[bool] = None) -> list[Argument]:  # noqa: FBT001 (Invoke's)
        """The body's own arguments, and -H."""
        known = self.help.copy()  # Invoke takes each text away when it is read
        own = super().get_arguments(ignore_unknown_help)
        self.help = known
        return [host_argument() if argument.name == "host" else argument for argument in own]

    def __call__(self, context: invoke.Context, *args: Any, **given: Any) -> None:
        """Run the body; errors are printed as those of the other tasks are."""
        session = Session.of(context)
        console = Console(session.screen, "")
        try:
            config = configured(context)
            chosen = functools.partial(session.chosen, context, config, title=self.name)
            self.body(Desk(config, console, chosen, bool(context.config.run.dry)), *args, **given)
        except OspreyError as error:
            console.error(error)
            error.printed = True
            raise
        except (KeyboardInterrupt, EOFError):
            raise Interrupted("interrupted") from None


desk_task = functools.partial(invoke.task, klass=DeskTask, auto_shortflags=False)
"""The decorator of the tasks about the settings."""
