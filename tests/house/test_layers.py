"""The package's modules import each other downwards only; lint-imports, which `make check` runs, holds the order."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import grimp

PROJECT = Path(__file__).parents[2]
CONTRACTS = (PROJECT / "pyproject.toml").read_text()


def layers() -> list[str]:
    """The layers of the contract, from top to bottom."""
    listed = ast.literal_eval(re.findall(r"^layers = (\[.*?\n\])", CONTRACTS, re.MULTILINE | re.DOTALL)[0])
    return [name for line in listed for name in line.split(" | ")]


def circle(imports: dict[str, set[str]]) -> set[str]:
    """The modules that import each other in a circle, and those that need them; empty when there is none."""
    left = dict(imports)
    while free := [module for module, needed in left.items() if not needed & left.keys()]:
        for module in free:
            del left[module]
    return set(left)


def test_no_two_modules_need_each_other() -> None:
    assert circle({"a": {"b"}, "b": {"a"}, "c": set()}) == {"a", "b"}
    graph = grimp.build_graph("ospreyops", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 50
    assert circle(imports) == set()


def test_each_import_is_a_real_one() -> None:
    files = [PROJECT / "tasks.py", *(PROJECT / "ospreyops").rglob("*.py")]
    assert [str(file) for file in files if "TYPE_CHECKING" in file.read_text()] == []


def test_the_layers_have_no_exceptions() -> None:
    assert "exhaustive = true" in CONTRACTS
    assert not re.search("ignore_imports|exhaustive_ignores|skip_descendants", CONTRACTS)


def test_the_documents_name_the_layers_in_their_order() -> None:
    page = (PROJECT / "docs" / "architecture.md").read_text()
    table = page.partition("\n## Layers\n")[2].partition("\n## ")[0]
    first_cells = re.findall(r"^\| (\[.*?) \|", table, re.MULTILINE)
    named = [name for cell in first_cells for name in re.findall(r"\[([a-z]+)(?:/|\.py)\]", cell)]
    assert named == layers()
