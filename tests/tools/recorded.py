"""What foreign programs printed, and how it must be read: tests/recordings/README.md says how a file is made."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Callable

from ospreyops.remote.command import Answer

FOLDER = Path(__file__).parents[1] / "recordings"
MARK = re.compile(r"--- (?:exit (\d+)|(late)|(stdout|stderr)|expected (\w+))")
Reading = Callable[[Answer], object]


@dataclasses.dataclass(frozen=True)
class Case:
    """A recorded answer, the name of a reading, and what it must give."""

    file: str
    reading: str
    answer: Answer
    expected: Any

    def __str__(self) -> str:
        return f"{self.file}-{self.reading}"


def recorded(tool: str) -> list[Case]:
    """The cases of all files in a tool's folder. Errors: ValueError, with the file's name and what is wrong with it."""
    return [
        case for path in sorted((FOLDER / tool).glob("*.txt")) for case in parse(path.stem, path.read_text("utf-8"))
    ]


def parse(file: str, text: str) -> list[Case]:
    """The cases of one file. Errors: ValueError."""
    lines = text.splitlines(keepends=True)
    marks = [number for number, line in enumerate(lines) if line.startswith("--- ")]
    head = lines[: marks[0]] if marks else lines
    if len(head) < 2 or [line[:2] for line in head] != ["# "] * (len(head) - 1) + ["$ "]:
        raise ValueError(f"{file}: the head is '# where it comes from' and '$ the line'")
    code, late, outputs, cases = 0, False, {"stdout": "", "stderr": ""}, []
    for start, end in zip(marks, [*marks[1:], len(lines)]):
        found, body = MARK.fullmatch(lines[start].rstrip("\n")), "".join(lines[start + 1 : end])
        if not found:
            raise ValueError(f"{file}: unknown mark {lines[start].strip()!r}")
        status, is_late, stream, reading = found.groups()
        code, late = int(status) if status else code, late or bool(is_late)
        if stream:
            outputs[stream] = body
        if reading:
            answer = Answer(-1 if late else code, outputs["stdout"], outputs["stderr"], late)
            cases.append(Case(file, reading, answer, json.loads(body)))
    if not cases:
        raise ValueError(f"{file}: nothing is expected")
    return cases


def check(case: Case, readings: Mapping[str, Reading]) -> None:
    """The reading gives what the recording expects."""
    assert plain(readings[case.reading](case.answer)) == case.expected


def plain(value: object) -> Any:
    """A reading's result as JSON has it: an enum's member is its name, a set a sorted list."""
    if isinstance(value, Enum):
        return value.name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value
