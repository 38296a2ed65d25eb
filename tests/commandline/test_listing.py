"""`inv --list` and each TAB load no task; what they show is what the tasks are."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ospreyops.commandline import listing
from ospreyops.commandline.program import OBJECTS
from ospreyops.namespaces import ns
from tests.conftest import PROJECT

LOADED = (
    "import sys\nfrom invoke.main import program\ntry: program.run()\nfinally: print(*sys.modules, file=sys.stderr)"
)
AT_END = (
    "import atexit, gc\natexit.register(lambda: print(gc.get_freeze_count() > 10_000, gc.get_threshold()[0]))\n"
    "from {module} import {name}\n{name}{run}()"
)
ENV = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout, where nothing was noted yet."""
    shutil.copytree(PROJECT / "ospreyops", tmp_path / "ospreyops", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("tasks.py", "invoke.yaml"):
        shutil.copy(PROJECT / file, tmp_path)
    return tmp_path


def ran(checkout: Path, *words: str, **env: str) -> tuple[str, set[str]]:
    """What `inv WORD …` prints there, and the modules that it has loaded."""
    command = [sys.executable, "-c", LOADED, *words]
    done = subprocess.run(command, cwd=checkout, env={**ENV, **env}, capture_output=True, text=True, timeout=60)
    return done.stdout, {name for name in done.stderr.split() if name.startswith("ospreyops.")}


@pytest.mark.parametrize("words", [("--list",), ("--complete", "--", "inv", "deploy", "--")])
def test_a_list_and_a_tab_load_no_task_once_the_tasks_are_noted(checkout: Path, words: tuple[str, ...]) -> None:
    first, modules = ran(checkout, *words)
    assert "ospreyops.namespaces" in modules
    again, modules = ran(checkout, *words)
    assert again == first
    assert not modules & {"ospreyops.tasks", "ospreyops.cli", "ospreyops.settings", "ospreyops.console"}


def test_a_task_loads_no_module_that_only_others_need(checkout: Path) -> None:
    first, _ = ran(checkout, "--help", "status")
    again, modules = ran(checkout, "--help", "status")
    assert again == first
    assert "ospreyops.tasks" in modules
    assert not modules & {f"ospreyops.runbook.{name}" for name in ("about", "settings", "host", "lock", "watch")}
    assert not modules & {"ospreyops.daemon", "ospreyops.healing.watch", "ospreyops.namespaces"}


@pytest.mark.parametrize(
    ("module", "name", "run"),
    [("invoke.main", "program", ".run"), ("ospreyops.main", "main", "")],
    ids=["inv", "ospreyops"],
)
def test_no_time_is_lost_on_objects_of_a_command_line_that_is_over(module: str, name: str, run: str) -> None:
    code = AT_END.format(module=module, name=name, run=run)
    done = subprocess.run(
        [sys.executable, "-c", code, "--list"], cwd=PROJECT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.endswith(f"True {OBJECTS}\n"), done.stderr


def test_the_tasks_are_noted_anew_when_a_source_has_changed(checkout: Path) -> None:
    ran(checkout, "--list")
    source = checkout / "ospreyops" / "runbook" / "image.py"
    source.write_text(source.read_text().replace("Load a release's image into Docker.", "Load it into Docker."))
    assert "Load it into Docker." in ran(checkout, "--list")[0]


def test_notes_that_are_cut_off_are_made_anew(checkout: Path) -> None:
    first, _ = ran(checkout, "--list")
    (notes,) = checkout.glob("ospreyops/commandline/__pycache__/*.json")
    whole = notes.read_text()
    notes.write_text(whole[: len(whole) // 2])
    assert ran(checkout, "--list")[0] == first
    assert notes.read_text() == whole


def test_where_python_may_leave_no_files_the_tasks_are_not_noted_either(checkout: Path) -> None:
    listed, _ = ran(checkout, "--list", PYTHONDONTWRITEBYTECODE="1")
    assert "deploy " in listed
    assert list(checkout.rglob("__pycache__")) == []


def test_what_is_noted_of_a_task_is_what_it_is() -> None:
    noted = listing.noted(ns)
    assert [space for space, _, _ in noted] == ["", *ns.collections]
    listed = listing.listed(noted)
    assert listed.task_names == ns.task_names
    for name in listed.task_names:
        assert listed[name].__doc__ == ns[name].__doc__
        assert listing.task_flags(listed, name) == listing.task_flags(ns, name)
        assert listed[name].body().body.__qualname__ == ns[name].body.__qualname__
        assert listed[name].body().__doc__ == ns[name].__doc__
