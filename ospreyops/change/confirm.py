"""What ends or changes something of use wants a yes: `--yes`, or an answer on the terminal."""

from __future__ import annotations

import functools
import sys
from typing import Any, Callable

from ..console import Console
from ..errors import Declined, Unconfirmed
from ..remote.background import on_main_thread
from .site import Site

QUESTION = "go on, as with --yes? [y/N] "


def run_confirmed(body: Callable[..., Any], site: Site) -> Any:
    """What a task's body returns; where it wants a yes and somebody at the terminal gives it, the body runs with yes.

    The lock is free while that person thinks. Errors: Unconfirmed without a terminal, Declined when the answer is no.
    """
    try:
        return _closed(body, site)
    except Unconfirmed as error:
        console = site.console
        if not (sys.stdin.isatty() and console.screen.out.isatty()):
            raise
        if not on_main_thread(functools.partial(_says_yes, console, error)):
            raise Declined(f"nothing was done on {site.name}: the answer was no") from None
    site.change.task += " --yes"
    return _closed(functools.partial(body, yes=True), site)


def _closed(body: Callable[..., Any], site: Site) -> Any:
    with site.change.closed():
        return body(site)


def _says_yes(console: Console, error: Unconfirmed) -> bool:
    with console.paused():
        console.say(str(error))
        try:
            answer = input(QUESTION)
        except EOFError:
            console.say()
            return False
    return answer.strip().lower() in ("y", "yes")
