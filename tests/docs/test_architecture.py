"""docs/architecture.md says what the code does."""

from __future__ import annotations

import re

from ospreyops.goals.deploy import TABLE, Stage
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs/architecture.md").read_text()
DIAGRAM = PAGE.partition("stateDiagram-v2\n")[2].partition("```")[0]
QUESTIONS = 24


def test_the_diagram_of_a_rollout_is_the_table() -> None:
    drawn = re.findall(r"^ +(\w+) --> (\S+): (.+)$", DIAGRAM, re.MULTILINE)
    table = [(at.name, phase.then.name if phase.then else "[*]", phase.name) for at, phase in TABLE.items()]
    assert drawn == table


def test_every_stage_is_in_the_diagram() -> None:
    assert {stage.name for stage in Stage} == set(re.findall(r"[A-Z_]{4,}", DIAGRAM))


def test_every_question_of_a_newcomer_has_an_answer_with_a_link() -> None:
    rows = re.findall(r"^\| (.+\?) \| (.+) \|$", PAGE.partition("## Where is …")[2], re.MULTILINE)
    assert len(rows) == QUESTIONS
    assert all(re.search(r"\]\(\.\./\S+\)", answer) for _, answer in rows)


def test_every_function_that_an_answer_names_is_in_its_file() -> None:
    found = re.findall(r"\]\(\.\./(\S+\.py)\) `(\w+)`", PAGE)
    assert found
    for file, name in found:
        assert re.search(rf"^ *(?:def|class) {name}\b", (PROJECT / file).read_text(), re.MULTILINE), f"{name} in {file}"


def test_every_file_and_folder_of_the_package_is_on_the_map() -> None:
    table = PAGE.partition("## Layers")[2].partition("Three choices")[0]
    for path in (PROJECT / "ospreyops").iterdir():
        if path.name.startswith("__"):
            continue
        assert f"](../ospreyops/{path.name})" in table, f"{path.name} has no place"
