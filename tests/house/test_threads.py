"""A thread is a daemon where its beginner is one, unless that is said. Python may abort where a daemon ends late."""

from __future__ import annotations

import ast

from tests.conftest import PROJECT


def test_each_thread_says_whether_the_program_waits_for_it() -> None:
    begun = [
        (f"{file.relative_to(PROJECT)}:{node.lineno}", {keyword.arg for keyword in node.keywords})
        for file in (PROJECT / "ospreyops").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("threading.Thread", "Thread")
    ]
    assert begun and [where for where, said in begun if "daemon" not in said] == []
