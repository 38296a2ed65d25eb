"""What a reader meets: short files, reasons where a check is silenced, and nothing that is left to do."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "ospreyops"
MOST_LINES = 250
REASON = re.compile(r"# (type: ignore\[[a-z, -]+\]  # \S|noqa: [A-Z0-9, ]+ \(.+\)$)")
SILENCED = re.compile("# *(type: *ignore|noqa|ruff:|mypy:)")
LATER = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X])\b")


def files(*endings: str) -> Iterator[Path]:
    """The files of the repository that end so, but for what is made (.venv, caches) and the field book."""
    for path in sorted(PROJECT.rglob("*")):
        parts = path.relative_to(PROJECT).parts
        made = any(part.startswith(".") or part in ("build", "__pycache__") for part in parts)
        if path.suffix in endings and path.is_file() and not made and parts[:2] != ("docs", "fieldbook"):
            yield path


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """The comments of a file of Python, each with its line."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def is_private(word: str) -> bool:
    return word.startswith("_") and not word.startswith("__")


def own_names(tree: ast.Module) -> set[str]:
    """The private names that a module defines, in its classes, too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
            found.add(node.id if isinstance(node, ast.Name) else node.attr)
    return set(filter(is_private, found))


def foreign_uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The private names that a module uses of something that is neither `self` nor `cls`, each with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, alias.name) for alias in node.names if is_private(alias.name))


def test_no_file_is_longer_than_a_reader_can_keep_in_mind() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in files(".py", ".pl", ".md", ".sh")}
    assert len(lengths) > 100
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_the_table_of_stages_stays_one_page_or_two() -> None:
    assert len((PACKAGE / "goals" / "deploy.py").read_text().splitlines()) <= 150


def test_whoever_silences_a_check_says_why() -> None:
    silenced = [
        f"{name(path)}:{line}: {comment}"
        for path in files(".py")
        for line, comment in comments(path)
        if SILENCED.search(comment) and not REASON.search(comment)
    ]
    assert silenced == []


def test_what_is_private_to_a_module_is_used_in_it_alone() -> None:
    trees = {path: ast.parse(path.read_text()) for path in files(".py") if PACKAGE in path.parents}
    own = {path: own_names(tree) for path, tree in trees.items()}
    package = set().union(*own.values())
    uses = [
        f"{name(path)}:{line}: {word}"
        for path, tree in trees.items()
        for line, word in foreign_uses(tree)
        if word in package - own[path]
    ]
    assert uses == []


def test_nothing_is_left_to_do() -> None:
    later = [name(path) for path in files(".py", ".pl", ".md", ".sh") if LATER.search(path.read_text())]
    assert later == ["docs/runbook.md"], "the runbook is quoted as its authors left it"
