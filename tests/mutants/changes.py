"""What is changed: one comparison or one condition of a function at a time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

OTHERS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
"""What stands in the place of an operator, one at a time."""
ANY_ALL = {"any": "all", "all": "any"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
CHANGED_WITHIN = (ast.Compare, ast.BoolOp)
"""Conditions that are changed in their operators, not as a whole."""


@dataclass(frozen=True)
class Mutant:
    """A module with one change in it. first, last: the lines of the expression that changed."""

    path: str
    function: str
    first: int
    last: int
    change: str
    code: CodeType

    @property
    def key(self) -> str:
        """How the file of survivors calls it; it stays when lines move."""
        return f"{self.path} {self.function}: {self.change}"

    def __str__(self) -> str:
        return f"{self.path}:{self.first}: {self.function}: {self.change}"


@dataclass(frozen=True)
class Place:
    """Where an expression stands: holder[key] in the tree; function: "" outside of functions."""

    node: ast.AST
    holder: Any
    key: Any
    parent: ast.AST
    function: str = ""

    @property
    def is_condition(self) -> bool:
        """Whether what follows depends on it alone."""
        tested = isinstance(self.parent, (ast.If, ast.IfExp, ast.While)) and self.key == "test"
        return tested or (isinstance(self.parent, ast.comprehension) and self.node in self.parent.ifs)


def mutants(path: str, source: Path) -> Iterator[Mutant]:
    """All changes of a module."""
    tree = ast.parse(source.read_text("utf-8"))
    for place in list(_places(tree, "")):
        node, (first, last) = place.node, _lines(place.node)
        before = ast.unparse(node)
        for other in _others(place):
            place.holder[place.key] = other
            code = compile(tree, str(source), "exec", dont_inherit=True)
            place.holder[place.key] = node
            yield Mutant(path, place.function, first, last, f"{before} -> {ast.unparse(other)}", code)


def _places(parent: ast.AST, function: str) -> Iterator[Place]:
    """The expressions below a node that stand in functions: only those run when a test does."""
    for field, value in ast.iter_fields(parent):
        inner = function
        if isinstance(parent, FUNCTIONS) and field == "body":
            name = getattr(parent, "name", "lambda")
            inner = f"{function}.{name}" if function else name
        holder: Any = value if isinstance(value, list) else vars(parent)
        for key in range(len(value)) if isinstance(value, list) else [field]:
            if isinstance(holder[key], ast.AST):
                if isinstance(holder[key], ast.expr) and inner:
                    yield Place(holder[key], holder, key, parent, inner)
                yield from _places(holder[key], inner)


def _others(place: Place) -> Iterator[ast.expr]:
    """What an expression is changed into."""
    node = place.node
    if isinstance(node, ast.Compare):
        for at, op in enumerate(node.ops):
            for other in OTHERS.get(type(op), ()):
                ops: list[Any] = [*node.ops[:at], other(), *node.ops[at + 1 :]]
                yield _at(node, ast.Compare(node.left, ops, node.comparators))
    elif isinstance(node, ast.BoolOp):
        and_or: Any = OTHERS[type(node.op)][0]()
        yield _at(node, ast.BoolOp(and_or, node.values))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    elif isinstance(node, ast.Name) and node.id in ANY_ALL and isinstance(place.parent, ast.Call):
        yield _at(node, ast.Name(ANY_ALL[node.id], ast.Load()))
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool) and isinstance(place.parent, ast.Return):
        yield _at(node, ast.Constant(not node.value))
    elif place.is_condition and not isinstance(node, CHANGED_WITHIN):
        yield _at(node, ast.UnaryOp(ast.Not(), node))  # type: ignore[arg-type]  # a place has expressions alone


def _at(node: ast.AST, new: ast.expr) -> ast.expr:
    return ast.copy_location(new, node)


def _lines(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "lineno", 0), getattr(node, "end_lineno", 0)
