"""A command line that was read, and the subcommands that it may name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .errors import Failure
from .flags import Default
from .log import LOG
from .store import Machine, Store

HINT = "{} machines may have new IP addresses. You may need to re-run the `docker-machine env` command."


@dataclass
class Call:
    """A command line that was read."""

    store: Store
    flags: dict[str, Any]
    names: list[str]
    words: list[str]


@dataclass(frozen=True)
class Command:
    """A subcommand; one whose words are `raw` reads its flags itself."""

    run: Callable[[Call], None]
    about: str
    flags: dict[str, Default] = field(default_factory=dict)
    short: dict[str, str] = field(default_factory=dict)
    raw: bool = False


def on_each(action: Callable[[Machine], None]) -> Callable[[Call], None]:
    """A subcommand that acts on every machine named, and saves them all if nothing failed."""

    def run(call: Call) -> None:
        machines = [call.store.load(name) for name in call.store.targets(call.names)]
        failures = []
        for machine in machines:
            try:
                action(machine)
            except Failure as failure:
                failures.append(str(failure))
        if failures:
            raise Failure("\n".join(failures))
        for machine in machines:
            machine.save()

    return run


def then(run: Callable[[Call], None], word: str) -> Callable[[Call], None]:
    """A subcommand that ends with a hint."""

    def both(call: Call) -> None:
        run(call)
        LOG.info(HINT.format(word))

    return both


def confirmed(question: str) -> bool:
    """Whether the answer on standard input starts with y."""
    print(f"{question} (y/n): ", end="", flush=True)
    answer = sys.stdin.readline()
    if not answer.strip():
        raise Failure("unexpected newline" if answer else "EOF")
    return answer.lower().startswith("y")
