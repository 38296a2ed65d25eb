"""What is shipped: the tool as one file, and the list of what is in it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ospreyops import __version__
from tests.conftest import PROJECT


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` makes of this checkout."""
    folder = tmp_path_factory.mktemp("checkout")
    for part in ("ospreyops", "tasks.py"):
        (folder / part).symlink_to(PROJECT / part)
    (folder / ".venv").symlink_to(sys.prefix)
    line = ["sh", str(PROJECT / "tests/dist.sh")]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return folder / "dist"


def test_each_library_in_the_file_is_on_the_list_with_its_version_and_no_other(dist: Path) -> None:
    listed = json.loads((dist / "osprey.cdx.json").read_text())
    assert listed["bomFormat"] == "CycloneDX"
    assert listed["metadata"]["component"]["version"] == __version__
    found = (re.match(r"([^/]+)-([^-/]+)\.dist-info/METADATA$", name) for name in names(dist / "osprey.pyz"))
    there = {(row[1].replace("_", "-"), row[2]) for row in found if row}
    assert {(one["name"].replace("_", "-"), one["version"]) for one in listed["components"]} == there
    assert len(there) >= 8


def names(pyz: Path) -> list[str]:
    with zipfile.ZipFile(pyz) as archive:
        return archive.namelist()


def test_the_sums_are_those_of_what_is_shipped(dist: Path) -> None:
    rows = [line.split() for line in (dist / "SHA256SUMS").read_text().splitlines()]
    shipped = {path.name for path in dist.iterdir()} - {"SHA256SUMS"}
    assert {name for _, name in rows} == shipped == {"osprey.pyz", "osprey.cdx.json"}
    assert all(hashlib.sha256((dist / name).read_bytes()).hexdigest() == digest for digest, name in rows)
