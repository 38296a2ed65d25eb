"""What a parser is: it reads what somebody else wrote, and says that it cannot, or gives what can be shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Callable

from ospreyops.cli import as_json
from ospreyops.errors import OspreyError
from ospreyops.remote.command import Answer


def show_anything(found: Any) -> None:
    """Show it as a text, and as JSON."""
    str(found)
    json.dumps(as_json(found), default=str)


@dataclass(frozen=True)
class Parser:
    """A reading of an answer. name: module.function; seeds: what it reads each day; show: what is done with it then.

    refuses: the errors with which it says that it cannot, as its docstring has them.
    worst: what is worst for it, where that is none of the usual: how it begins, and what is repeated after that.
    """

    name: str
    seeds: list[Answer]
    read: Callable[[Answer], Any]
    show: Callable[[Any], object] = show_anything
    refuses: tuple[type[Exception], ...] = ()
    worst: tuple[str, str] = ("", "")

    def try_on(self, answer: Answer) -> None:
        """Read the answer, and show what it tells. Errors: whatever is no refusal."""
        if (found := self.try_reading(answer)) is not None:
            self.show(found)

    def try_reading(self, answer: Answer) -> Any:
        """What the answer tells; None when it is refused. Errors: whatever is no refusal."""
        refused: tuple[type[Exception], ...] = (OspreyError, *self.refuses)
        try:
            return self.read(answer)
        except refused as error:
            str(error)
            return None
