"""What is printed goes through the console, which makes visible whatever would steer a terminal."""

from __future__ import annotations

import ast
import inspect
import io
import unicodedata
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Callable

import pytest

from ospreyops.console import Console, Screen
from ospreyops.errors import Failed
from ospreyops.text import INVISIBLE

PACKAGE = Path(__file__).parents[2] / "ospreyops"
PRINTING = (
    *("print", "input", "getpass.getpass", "sys.stdout", "sys.stderr", "sys.__stdout__", "sys.__stderr__"),
    *("sys.__excepthook__", "traceback.print_exc", "warnings.warn", "logging.basicConfig", "logging.StreamHandler"),
)
RAW = ("line", "write")
"""Methods of Screen that print a text as it is."""
OUTSIDE = {
    "change/confirm.py": "asks whether to go on, in words of its own",
    "commandline/program.py": "offers a shell the names of tasks, flags and hosts, whose signs it has checked",
    "config/__init__.py": "hands on to Python what is a fault of this tool, with its traceback",
    "desk.py": "asks for settings, with its own words made visible",
    "remote/identities.py": "asks what a server wants to know, with its words made visible",
    "runbook/host.py": "asks whether a host key is right; what is shown of it goes through the console",
    "remote/sudo.py": "asks for a password, of users and hosts that the settings name",
}
"""Modules other than those of the console that name something of that kind, and why."""
EVIL = "x\x1b]0;mine\x07\x9b31m\r\u202e\u2028\ud800\x7f\x00y"


def names(tree: ast.Module) -> Iterator[str]:
    """What a module names that prints, or asks."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and ast.unparse(node) in PRINTING:
            yield ast.unparse(node)


def raw(tree: ast.Module) -> Iterator[str]:
    """The calls of a module that give the screen a text as it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RAW:
            yield from [ast.unparse(node)] * ast.unparse(node.func.value).endswith("screen")


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.parent.name != "console":
            yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text("utf-8"))


def test_nothing_but_the_console_prints() -> None:
    found = {name: sorted({*names(tree)}) for name, tree in trees()}
    assert {name: words for name, words in found.items() if words and name not in OUTSIDE} == {}
    assert {name for name in OUTSIDE if not found[name]} == set()
    assert {name: list(raw(tree)) for name, tree in trees() if list(raw(tree))} == {}


def drain(console: Console) -> None:
    lines = console.lines()
    lines.write(EVIL + "\n" + EVIL * 10_000)
    lines.end()


def inside(context: Any) -> None:
    with context:
        pass


TELLS: dict[str, Callable[[Console], object]] = {
    "say": lambda console: console.say(EVIL),
    "success": lambda console: console.success(EVIL),
    "error": lambda console: console.error(Failed(EVIL, hint=EVIL, evidence=EVIL).after([EVIL])),
    "dim": lambda console: console.dim(EVIL),
    "row": lambda console: console.row(None, EVIL, EVIL),
    "data": lambda console: console.data({EVIL: [EVIL]}),
    "plain": lambda console: console.plain(EVIL),
    "dry_step": lambda console: console.dry_step(EVIL, EVIL),
    "doing": lambda console: inside(console.doing(EVIL, line=EVIL)),
    "counted": lambda console: console.counted(1, 7),
    "step": lambda console: inside(console.step(EVIL, EVIL, EVIL)),
    "waiting": lambda console: inside(console.waiting(EVIL)),
    "progress": lambda console: inside(console.progress(7)),
    "paused": lambda console: inside(console.paused()),
    "lines": drain,
}
"""Each public method of the console, told something evil."""


def test_each_way_of_telling_is_tried() -> None:
    public = {name for name, _ in inspect.getmembers(Console, inspect.isfunction) if not name.startswith("_")}
    assert public == set(TELLS)


@pytest.mark.parametrize("way", TELLS)
def test_no_way_of_telling_lets_a_control_sign_through(way: str) -> None:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        TELLS[way](Console(Screen(), "olympias"))
    printed = (out.getvalue() + err.getvalue()).replace("\n", "")
    assert [sign for sign in printed if unicodedata.category(sign) in INVISIBLE] == []


def test_what_invoke_prints_of_an_error_has_no_control_sign() -> None:
    said = Failed(EVIL, hint=EVIL, evidence=EVIL).message.replace("\n", "")
    assert [sign for sign in said if unicodedata.category(sign) in INVISIBLE] == []
