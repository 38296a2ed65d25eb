"""How the tests are laid out: what they share is in files of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT

TESTS = PROJECT / "tests"
LISTENING = re.compile(r"bind|create_server|\w*Server")
MODULES = {".".join(path.relative_to(PROJECT).with_suffix("").parts) for path in TESTS.rglob("test_*.py")}
"""The modules that have tests in them."""


def imported(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """The modules that a file of that package imports, and each `module.name` of a `from module import name`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *filter(None, [node.module])))
            yield from (module, *(f"{module}.{alias.name}" for alias in node.names))


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_file_imports_from_a_file_with_tests_in_it(path: Path) -> None:
    package = path.relative_to(PROJECT).parent.parts
    assert sorted({*imported(path.read_text(), package)} & MODULES) == []


@pytest.mark.parametrize(
    "line",
    [
        "from tests.house.test_tests import TESTS",
        "from tests.house import test_tests",
        "import tests.house.test_tests as other",
        "from .test_tests import TESTS",
        "from . import test_tests",
        "def late():\n    from ..house.test_tests import TESTS",
    ],
)
def test_every_way_of_importing_is_seen(line: str) -> None:
    assert "tests.house.test_tests" in MODULES & {*imported(line, ("tests", "house"))}


def numbered_ports(source: str) -> list[str]:
    """The calls of a file that listen on a port which the kernel does not choose."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and LISTENING.fullmatch(ast.unparse(node.func).rpartition(".")[2]):
            places = [place for place in node.args if isinstance(place, ast.Tuple) and len(place.elts) > 1]
            found += [ast.unparse(node) for place in places if ast.unparse(place.elts[1]) != "0"]
    return found


OUTSIDE = sorted(path for path in TESTS.rglob("*.py") if TESTS / "lab" not in path.parents)
"""The files of tests that are not in the lab's network."""


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_outside_the_lab_listens_on_a_port_that_may_be_taken(path: Path) -> None:
    assert numbered_ports(path.read_text()) == []


def test_every_way_of_listening_is_seen() -> None:
    lines = ['socket.create_server(("", 44342))', "holder.bind((LOOPBACK, PORT))", "HTTPServer((HOST, 2376), Handler)"]
    free = 'create_server(("", 0)), holder.bind(("127.0.0.1", 0)), HTTPServer((HOST, 0), Handler), bind("a.sock")'
    assert [numbered_ports(line) for line in lines] == [[ast.unparse(ast.parse(line))] for line in lines]
    assert numbered_ports(free) == []
