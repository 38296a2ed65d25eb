"""The README's first command, in a checkout of its own."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.lab.hosts import Releases

PARTS = [
    ".cache",
    ".venv",
    "Makefile",
    "fabric.yaml",
    "invoke.yaml",
    "ospreyops",
    "requirements.lock",
    "requirements.txt",
    "tasks.py",
    "tests",
]
NO_ENGINE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


@pytest.fixture
def checkout(releases: Releases, tmp_path: Path) -> Iterator[Path]:
    """A folder like this checkout, with its caches, in which the releases' base is made already."""
    for part in PARTS:
        (tmp_path / part).symlink_to(PROJECT / part)
    yield tmp_path
    made(tmp_path, "demo-clean")


def made(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What `make WORD …` came to, where no Docker engine is there already."""
    line = ["make", "--no-print-directory", *words]
    return subprocess.run(line, cwd=checkout, env={**os.environ, **NO_ENGINE}, capture_output=True, text=True)


def test_a_demo_whose_port_is_taken_says_so_and_leaves_nothing(checkout: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as other:
        port = other.getsockname()[1]
        ran = made(checkout, "demo", f"PORT={port}")
    assert ran.returncode != 0 and ran.stdout == ""
    said, hint, _ = ran.stderr.splitlines()
    assert said.startswith(f"demo: port {port}: Address already in use by python") and f"(pid {os.getpid()})" in said
    assert hint.startswith("  try: ")
    assert sorted(path.name for path in checkout.iterdir()) == PARTS


def test_a_demo_serves_at_a_free_port_and_a_second_one_does_nothing_and_both_are_removed(checkout: Path) -> None:
    with socket.create_server(("0.0.0.0", 44342)):
        for expected in ("✓ 5 steps done: osprey/service:0.3", "✓ nothing to do: osprey/service:0.3"):
            ran = made(checkout, "demo")
            assert ran.returncode == 0 and expected in ran.stdout, ran.stdout + ran.stderr
        assert "https://localhost:44352 answers as Desktop asks: v0.3" in ran.stdout
    assert made(checkout, "demo-clean").returncode == 0
    assert sorted(path.name for path in checkout.iterdir()) == PARTS
    socket.create_server(("0.0.0.0", 44352)).close()
