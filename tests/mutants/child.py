"""A change is tried in a child: the parent stays as it is, with all tests collected."""

from __future__ import annotations

import gc
import os
import resource
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Callable, Optional

import pytest

WELL, NOTICED, BROKEN = 0, 1, 2
"""How a child ends: its work was true, or false, or could not be done."""


def in_child(work: Callable[[], bool], seconds: Optional[float] = None) -> bool:
    """Whether the work, done in a child that says nothing, is true; it is false after those seconds of processor."""
    pid = os.fork()
    if not pid:
        _work(work, seconds)
    _, status = os.waitpid(pid, 0)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # what the tests of a change may have left
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == BROKEN:
        raise RuntimeError("a change could not be tried")
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) == WELL


def _work(work: Callable[[], bool], seconds: Optional[float]) -> None:
    status = BROKEN
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        if seconds is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
        status = WELL if work() else NOTICED
    finally:
        os._exit(status)


@cache
def functions() -> dict[str, list[FunctionType]]:
    """All functions that there are, by their file; asked once, in the parent."""
    found: dict[str, list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            found.setdefault(one.__code__.co_filename, []).append(one)
    return found


def patch(source: Path, changed: CodeType) -> None:
    """Put the changed code into the functions of the module, wherever they were imported. Errors: LookupError."""
    text = source.read_text("utf-8")
    pairs = zip(_codes(compile(text, str(source), "exec", dont_inherit=True)), _codes(changed))
    new = {_key(before): after for before, after in pairs if before != after}
    own = [one for one in functions().get(str(source), ()) if _key(one.__code__) in new]
    if not own:
        raise LookupError(f"no function of {source} is changed")
    for one in own:
        one.__code__ = new[_key(one.__code__)]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _key(code: CodeType) -> tuple[object, ...]:
    """What tells a function of a file from the others: a function that has run does not equal what was compiled."""
    return code.co_name, code.co_firstlineno, code.co_names, code.co_code


def none_fails(session: pytest.Session, items: Iterable[pytest.Item]) -> bool:
    """Run the tests up to the first that fails, or that lets a Ctrl-C out, which pytest passes on."""
    try:
        return all(passes(session, item) for item in items)
    except (KeyboardInterrupt, pytest.exit.Exception):
        return False


def passes(session: pytest.Session, item: pytest.Item) -> bool:
    before = session.testsfailed
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
    return session.testsfailed == before
