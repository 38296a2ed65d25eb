"""The package as pip installs it: whole, and of the version that the tool says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import ospreyops
import tasks
from ospreyops.daemon import bundle

PROJECT = Path(__file__).parents[2]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "requirements.txt")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that pip has installed the package into, from a copy: it leaves files where it builds."""
    folder = tmp_path_factory.mktemp("installed")
    source, target = folder / "source", folder / "target"
    shutil.copytree(PROJECT / "ospreyops", source / "ospreyops", ignore=shutil.ignore_patterns("__pycache__"))
    for file in SOURCES:
        shutil.copy(PROJECT / file, source / file)
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*command, "--target", str(target), str(source)], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return target


def names(folder: Path) -> set[str]:
    found = (path for ending in ("*.py", "*.pl") for path in (folder / "ospreyops").rglob(ending))
    return {path.relative_to(folder).as_posix() for path in found}


def test_pip_installs_each_module_and_each_perl_program(installed: Path) -> None:
    assert len(names(PROJECT)) > 90
    assert names(installed) == names(PROJECT)


def test_the_version_is_told_in_one_place(installed: Path) -> None:
    (found,) = metadata.distributions(name="ospreyops", path=[str(installed)])
    assert found.version == ospreyops.__version__
    assert bundle.program(tasks.ns).version == ospreyops.__version__


def test_the_changelog_has_a_section_for_each_version() -> None:
    sections = re.findall(r"^## \[(.+?)\](.*)", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert sections[0] == ("Unreleased", "")
    assert all(re.fullmatch(r" - \d{4}-\d\d-\d\d", date) for _, date in sections[1:])
    released = [tuple(map(int, version.split("."))) for version, _ in sections[1:]]
    assert released == sorted(released, reverse=True)
    assert tuple(map(int, re.findall(r"\d+", ospreyops.__version__)[:3])) >= released[0]
