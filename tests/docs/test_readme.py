"""The README, and the pages with a row for each task and each fault, say what the tool does."""

from __future__ import annotations

import re

import pytest

import tasks
from ospreyops.faults import registry
from tests.conftest import PROJECT, Inv

README = (PROJECT / "README.md").read_text()
FIGURE = r"[0-9]+(?:[.][0-9]+)?"
TASKS = (PROJECT / "docs/tasks.md").read_text()
TROUBLESHOOTING = (PROJECT / "docs/troubleshooting.md").read_text()


@pytest.fixture(scope="module")
def listed() -> set[str]:
    return set(re.findall(r"^  (\S+)", Inv({})("--list").out, re.MULTILINE))


def test_every_task_is_in_the_table_of_the_runbook(listed: set[str]) -> None:
    table = TASKS.partition("## The runbook, line by line")[2].partition("\n\n## ")[0]
    assert listed == set(re.findall(r"`inv ([a-z][a-z.]+)", table))


@pytest.mark.parametrize(
    "line",
    [
        "docker load <",
        "docker image ls",
        "./osprey-service --version $VERSION > osprey-service.log &",
        "docker ps",
        "docker stop osprey-service",
        "curl --insecure https://localhost:44342/about",
        "natpf1",
    ],
)
def test_each_of_the_runbooks_lines_has_its_task(line: str) -> None:
    assert any(line in row and "`inv " in row for row in TASKS.splitlines() if row.startswith("|"))


def test_the_tasks_that_speak_json_are_those_that_are_named() -> None:
    named = TASKS.partition("`--json` is an option of ")[2].partition("\n\n")[0].partition("[")[0]
    collections = [("", tasks.ns), *tasks.ns.collections.items()]
    speaking = {
        f"{space}.{name}".lstrip(".")
        for space, collection in collections
        for name, task in collection.tasks.items()
        if any("json" in argument.names for argument in task.get_arguments())
    }
    assert set(re.findall(r"`([a-z.]+)`", named)) == speaking


def test_every_fault_is_in_the_table_of_troubleshooting() -> None:
    table = TROUBLESHOOTING.partition("## Known faults")[2].partition("\n\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [fault.name for fault in registry()]


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_each_figure_of_the_readme_is_among_those_that_were_measured() -> None:
    rows = re.findall(r"^\| .+ \| (.+) \| (.+) \|$", README.partition("## Figures")[2], re.MULTILINE)
    measured = set(re.findall(FIGURE, (PROJECT / "docs/benchmarks.md").read_text()))
    assert len(rows) > 5
    assert {figure for row in rows for cell in row for figure in re.findall(FIGURE, cell)} <= measured


def test_the_readme_and_the_page_of_errors_tell_the_same_exit_statuses() -> None:
    pages = (README, (PROJECT / "docs/errors.md").read_text())
    told, again = (re.findall(r"^\| [0-9]+ \| .+ \|$", page, re.MULTILINE) for page in pages)
    assert told and told == again
