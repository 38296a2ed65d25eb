"""Each decision of a function is turned around, and what is known to survive says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.changes import mutants
from tests.mutants.report import FILE, reasons


def changes(tmp_path: Path, source: str) -> list[str]:
    path = tmp_path / "module.py"
    path.write_text(source)
    return [mutant.change for mutant in mutants("module.py", path)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("return a == b", ["a == b -> a != b"]),
        ("return a < b", ["a < b -> a <= b", "a < b -> a >= b"]),
        ("return a < 3 != b", ["a < 3 != b -> a <= 3 != b", "a < 3 != b -> a >= 3 != b", "a < 3 != b -> a < 3 == b"]),
        ("return a is None", ["a is None -> a is not None"]),
        ("return a not in b", ["a not in b -> a in b"]),
        ("return a and b", ["a and b -> a or b"]),
        ("return not a", ["not a -> a"]),
        ("return any(a)", ["any -> all"]),
        ("return True", ["True -> False"]),
        ("if a: return b", ["a -> not a"]),
        ("return [a for a in b if a]", ["a -> not a"]),
        ("return 1 if a else 2", ["a -> not a"]),
        ("a = True\n    b = [None, 'x', 3 + a]", []),
    ],
)
def test_each_kind_of_condition_is_turned_around(tmp_path: Path, line: str, expected: list[str]) -> None:
    assert changes(tmp_path, f"def f(a, b):\n    {line}\n") == expected


def test_what_runs_only_when_a_module_is_loaded_is_left_alone(tmp_path: Path) -> None:
    assert changes(tmp_path, "A = 1 < 2\ndef f(a=not A): pass\n") == []


def test_one_change_is_made_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("def f(a, b):\n    return a or b, a and b\n")
    found = []
    for mutant in mutants("module.py", path):
        scope: dict[str, object] = {}
        exec(mutant.code, scope)
        found.append(scope["f"](0, 1))  # type: ignore[operator]  # f is the function above
    assert found == [(0, 0), (1, 1)]


def test_each_known_survivor_has_its_reason() -> None:
    assert all(len(reason) > 10 for reason in reasons(FILE.read_text()).values())
    with pytest.raises(ValueError, match=r"no reason is given for \['a.py f: a -> b'\]"):
        reasons("a.py f: a -> b\n\nc.py f: a -> b\n    Why not.\n")
