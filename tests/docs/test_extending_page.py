"""docs/extending.md lists the real files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.docs.citations import DOCS

PAGE = (DOCS / "extending.md").read_text()
EXAMPLES = {"A fault": "sleep", "A kind of host": "native", "A foreign program": "pmset"}
"""Heading -> the example, which each of the files has in its text or in its name."""
MADE_OF = {"ospreyops/machines/__init__.py": "class Machine", "ospreyops/facts/host.py": "sleeps_after"}
"""Files that do not name the example -> what of theirs the example is made of."""
ELSEWHERE = {"ospreyops/remote/heard.py": "names the programs that a row on the screen waits for"}
"""Files of the package that name the foreign program and have no part in it."""


def files(heading: str) -> list[str]:
    """The files of a section's table, as paths in the checkout."""
    table = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    links = re.findall(r"^\| \[[^\]]+\]\(([^)#]+)\)", table, re.MULTILINE)
    return [str((DOCS / link).resolve().relative_to(PROJECT.resolve())) for link in links]


def text(path: Path) -> str:
    return path.name if path.is_dir() else f"{path.name}\n{path.read_text()}"


@pytest.mark.parametrize(("heading", "example"), EXAMPLES.items())
def test_each_listed_file_has_the_example_in_it(heading: str, example: str) -> None:
    found = files(heading)
    assert len(found) >= 5
    assert [name for name in found if MADE_OF.get(name, example) not in text(PROJECT / name)] == []


def test_no_file_of_the_package_that_the_foreign_program_needs_is_left_out() -> None:
    naming = {path for path in (PROJECT / "ospreyops").rglob("*.py") if "pmset" in text(path)}
    named = {path.relative_to(PROJECT).as_posix() for path in naming}
    assert named - {*ELSEWHERE} <= {*files("A foreign program"), *files("A fault")}


def test_the_example_of_a_fault_is_the_real_file() -> None:
    shown = PAGE.partition("```python\n")[2].partition("```")[0]
    real = (PROJECT / "ospreyops/faults/clock.py").read_text()
    for block in shown.strip().split("\n\n"):
        assert block.strip() in real
