"""The program `inv` for many runs in one process: its tasks are the same in each."""

from __future__ import annotations

from functools import cache
from typing import Any

import invoke
from invoke.parser import Parser

import tasks


class Shared(invoke.vendor.lexicon.Lexicon):
    """What a parser knows of the tasks. Invoke copies all of it for each line, and then once more what it changes."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Shared:
        return self


@cache
def parser_contexts() -> Shared:
    """What a parser knows of the runbook's tasks."""
    made: Any = Shared
    known = Parser(contexts=tasks.ns.to_contexts()).contexts
    shared: Shared = made(known)
    shared.aliases.update(known.aliases)
    return shared


class Program(invoke.Program):
    """`inv`, whose parser learns the tasks once for all runs."""

    def _make_parser(self) -> Parser:
        parser = Parser(initial=self.initial_context)
        parser.contexts = parser_contexts()
        return parser
