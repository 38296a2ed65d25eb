"""What is installed: named, locked with hashes, and brought up to date where it is there already."""

from __future__ import annotations

import ast
import base64
import hashlib
import os
import re
import subprocess
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "ospreyops"
LOCKS = {"requirements": range(9, 15), "tests/requirements": range(10, 15)}
"""The locks, and the Python 3 that each is for."""
APART = dict.fromkeys(("tests/docs/requirements", "tests/bench/requirements"), range(10, 15))
"""The locks of what has a venv of its own: what makes the documents' site, and the peers of the bench."""


def requirements(text: str) -> list[Requirement]:
    """The requirements in a text, without comments, hashes and references to other files."""
    lines = (re.split(r"(?:^|\s)#|\\$|\s--hash", line)[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def holding(name: str, minor: int, system: str) -> list[Requirement]:
    """What a file of requirements says to one Python."""
    environment = {
        "python_version": f"3.{minor}",
        "python_full_version": f"3.{minor}.7",
        "sys_platform": system,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
    }
    found = requirements((PROJECT / name).read_text())
    return [one for one in found if one.marker is None or one.marker.evaluate(environment)]


def pins(name: str, minor: int, system: str) -> dict[str, str]:
    return {canonicalize_name(one.name): str(one.specifier)[2:] for one in holding(f"{name}.lock", minor, system)}


@pytest.mark.parametrize("system", ["linux", "darwin"])
@pytest.mark.parametrize(
    ("name", "minor"), [(name, minor) for name, minors in {**LOCKS, **APART}.items() for minor in minors]
)
def test_each_requirement_has_one_locked_release_that_fits_it(name: str, minor: int, system: str) -> None:
    locked = pins(name, minor, system)
    own = [] if name in APART else holding("requirements.txt", minor, system)
    wanted = [*holding(f"{name}.txt", minor, system), *own]
    unfit = [str(one) for one in wanted if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"))]
    assert wanted and unfit == []


@pytest.mark.parametrize("name", [*LOCKS, *APART])
def test_no_release_is_locked_without_a_hash_and_no_lock_names_a_host(name: str) -> None:
    text = (PROJECT / f"{name}.lock").read_text()
    entries = re.split(r"\n(?=[a-z])", text)[1:]
    assert len(entries) == len(requirements(text)) > 10
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert not re.search(r"://|-index|find-links|trusted-host", text)


@pytest.mark.parametrize("minor", LOCKS["tests/requirements"])
def test_tests_run_on_the_releases_that_users_have(minor: int) -> None:
    own, tested = (pins(name, minor, "linux") for name in LOCKS)
    assert own.items() <= tested.items()


def imported() -> Iterator[str]:
    """The packages that the tool imports."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module


def test_what_the_tool_imports_is_what_it_requires() -> None:
    installed = {str(one.metadata["Name"]).lower() for one in metadata.distributions()}
    assert {module.partition(".")[0] for module in imported()} & installed == {
        one.name for one in holding("requirements.txt", 13, "linux")
    }


def wheel(folder: Path, version: str, code: str = "") -> str:
    """A line of a lock for a wheel that is made in a folder."""
    about = f"mini-{version}.dist-info"
    files = {"mini.py": code, f"{about}/METADATA": f"Metadata-Version: 2.1\nName: mini\nVersion: {version}\n"}
    files[f"{about}/WHEEL"] = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    sums = {name: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()) for name, text in files.items()}
    files[f"{about}/RECORD"] = "".join(f"{name},sha256={sum_.decode().rstrip('=')},\n" for name, sum_ in sums.items())
    path = folder / f"mini-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return f"mini=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Checkout:
    """A checkout whose locks list a wheel that lies in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tests").mkdir()
        self.lock(wheel(folder, "1"))

    def lock(self, line: str) -> None:
        for name in LOCKS:
            (self.folder / f"{name}.lock").write_text(line)

    def set_up(self, name: str = "tests/requirements") -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.folder)}
        line = ["sh", str(PROJECT / "tests/setup.sh"), f"{name}.lock"]
        return subprocess.run(line, cwd=self.folder, env=env, capture_output=True, text=True, timeout=100)

    @property
    def version(self) -> str:
        code = "from importlib import metadata; print(metadata.version('mini'))"
        line = [str(self.folder / ".venv/bin/python"), "-c", code]
        return str(subprocess.run(line, capture_output=True, text=True).stdout.strip())


def test_a_venv_is_brought_up_to_date_and_left_alone_where_it_is(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    assert checkout.set_up().returncode == 0 and checkout.version == "1"
    checkout.lock(wheel(tmp_path, "2"))
    assert "this installs" in checkout.set_up().stdout and checkout.version == "2"
    (tmp_path / ".venv/bin/pip").write_text("#!/bin/sh\nexit 7\n")
    for name in LOCKS:
        again = checkout.set_up(name)
        assert (again.returncode, again.stdout) == (0, "")
    checkout.lock(wheel(tmp_path, "3"))
    assert checkout.set_up().returncode == 7
    assert "this installs" in checkout.set_up().stdout, "what did not end is not taken for done"


def test_another_file_than_the_locked_one_is_not_installed(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    wheel(tmp_path, "1", code="print('evil')")
    refused = checkout.set_up()
    assert refused.returncode != 0 and "DO NOT MATCH THE HASHES" in refused.stderr
    assert checkout.version == ""
