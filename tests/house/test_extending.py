"""A fault, a kind of machine and a recording are a file each; the first two may stand outside of the checkout."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ospreyops import extensions
from ospreyops.daemon import bundle
from tests.conftest import PROJECT, Inv

FAULT = '''\
"""A kraken holds the host."""

from ospreyops.step import Step, WaitFor

IMPACT = "the kraken is hungry"


def repair(facts, target):
    """Feed the kraken."""
    yield Step(f"a kraken holds {facts.host.name}", WaitFor("feed kraken"), "the kraken sleeps")
'''
KIND = '''\
"""Docker in a caravan."""

from ospreyops.machines import native


class Machine(native.Machine):
    kind = "caravan"
'''
RECORDING = """\
# a Mac that sleeps after 77 minutes
$ pmset -g
--- stdout
 sleep                77
--- expected sleeps_after
{minutes}
"""
UNUSED_PORT = "44999"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder of the maintainer's, with a fault and a kind of machine, a file each."""
    for package, file, text in (("faults", "kraken.py", FAULT), ("machines", "caravan.py", KIND)):
        folder = tmp_path / "mine" / "ospreyops" / package
        folder.mkdir(parents=True)
        (folder / file).write_text(text)
    return tmp_path / "mine"


@pytest.fixture
def extended(mine: Path, tmp_path: Path) -> Inv:
    """`inv` with that folder on Python's path, for a service of this computer's that nobody has."""
    service = {"INVOKE_OSPREY_FOLDER": str(tmp_path / "service"), "INVOKE_OSPREY_SERVICE_PORT": UNUSED_PORT}
    return Inv({"PYTHONPATH": str(mine), **service})


def test_a_fault_of_ones_own_is_a_task_and_the_doctor_finds_it(extended: Inv) -> None:
    assert "fix.kraken          Feed the kraken." in extended("--list").out
    shown = extended("doctor").out
    assert "a kraken holds localhost" in shown
    assert re.search(r"fix: inv fix.kraken -H localhost\n +impact: the kraken is hungry\n", shown)


def test_a_kind_of_machine_of_ones_own_can_be_set(extended: Inv) -> None:
    assert "caravan" in extended("machine.status", INVOKE_OSPREY_MACHINE="caravan").out
    refused = extended("machine.status", INVOKE_OSPREY_MACHINE="submarine")
    assert "try: one of: caravan, native, virtualbox" in refused.said


def test_without_the_folder_neither_is_there(inv: Inv) -> None:
    assert "kraken" not in inv("--list").out
    assert "'caravan' is no kind of machine" in inv("machine.status", INVOKE_OSPREY_MACHINE="caravan").said


def test_the_watchdog_takes_them_along(mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(mine)
    with zipfile.ZipFile(bundle.build(tmp_path / "osprey.pyz")) as file:
        assert {"ospreyops/faults/kraken.py", "ospreyops/machines/caravan.py"} <= set(file.namelist())


def test_another_copy_of_the_tool_on_the_path_adds_nothing(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(mine)
    faults = mine / "ospreyops" / "faults"
    assert extensions.folders("ospreyops.faults") == [str(faults)]
    (faults / "__init__.py").touch()
    assert extensions.folders("ospreyops.faults") == []


@pytest.mark.parametrize(("minutes", "status"), [(77, 0), (78, 1)])
def test_a_recording_of_a_foreign_program_is_read_by_the_test_of_its_tool(
    minutes: int, status: int, tmp_path: Path
) -> None:
    for folder in ("tools", "recordings"):
        shutil.copytree(PROJECT / "tests" / folder, tmp_path / "tests" / folder)
    (tmp_path / "tests" / "__init__.py").touch()
    (tmp_path / "tests" / "recordings" / "pmset" / "of-mine.txt").write_text(RECORDING.format(minutes=minutes))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "of-mine", "tests/tools/test_pmset.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stdout
    assert "1 passed" in done.stdout or "1 failed" in done.stdout
