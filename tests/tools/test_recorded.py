"""The recordings are whole: each reading has some, each is read, and a file that is no recording is refused."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import ospreyops.tools
from tests.tools.recorded import FOLDER, parse, recorded

TRANSCRIPTS = "docker-machine"
"""What the lab's stand-in for docker-machine is held against; of another form."""
WORDS = ("answer", "printed", "said", "listing", "table")
"""How a function calls what a foreign program printed."""
OF_SUPERVISORS = "supervisor"
"""Reads for launchd and systemd, whose recordings stand for it."""


def readings() -> Iterator[tuple[str, str]]:
    """The tool and the name of each public function that reads a foreign program's words."""
    for path in Path(ospreyops.tools.__path__[0]).glob("*.py"):
        for function in ast.parse(path.read_text("utf-8")).body:
            if path.stem != OF_SUPERVISORS and isinstance(function, ast.FunctionDef) and _reads(function):
                yield path.stem, function.name


def _reads(function: ast.FunctionDef) -> bool:
    first = [argument.arg for argument in function.args.args[:1]]
    return not function.name.startswith("_") and bool(set(first) & set(WORDS))


@pytest.mark.parametrize(("tool", "reading"), sorted({*readings(), ("launchd", "job_state"), ("systemd", "job_state")}))
def test_each_reading_of_a_foreign_programs_words_has_recordings(tool: str, reading: str) -> None:
    assert reading in {case.reading for case in recorded(tool)}


def test_each_recording_is_read_by_the_test_of_its_tool() -> None:
    for folder in {path for path in FOLDER.iterdir() if path.is_dir()} - {FOLDER / TRANSCRIPTS}:
        module = importlib.import_module(f"tests.tools.test_{folder.name}")
        assert {case.reading for case in recorded(folder.name)} == set(module.READINGS)
        assert [path.name for path in folder.iterdir() if path.suffix != ".txt"] == []


def test_a_recording_tells_status_output_errors_and_what_each_reading_must_give() -> None:
    answer = "--- exit 7\n--- stdout\na\nb\n--- stderr\nno\n"
    one, two = parse("closed", f"# Debian\n$ curl x\n{answer}--- expected one\n1\n--- expected two\nnull\n")
    assert (str(one), one.expected, str(two), two.expected) == ("closed-one", 1, "closed-two", None)
    assert (one.answer.code, one.answer.out, one.answer.err, one.answer.late) == (7, "a\nb\n", "no\n", False)
    assert parse("late", "# Debian\n$ curl x\n--- late\n--- expected one\n1\n")[0].answer.late


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the head is"),
        ("$ df\n--- expected one\n1\n", "the head is"),
        ("# Debian\n--- expected one\n1\n", "the head is"),
        ("# Debian\n$ df\nleft over\n--- expected one\n1\n", "the head is"),
        ("# Debian\n$ df\n--- stdot\nx\n--- expected one\n1\n", "unknown mark '--- stdot'"),
        ("# Debian\n$ df\n--- exit 1\n", "nothing is expected"),
        ("# Debian\n$ df\n--- expected one\n", "Expecting value"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse("odd", text)
