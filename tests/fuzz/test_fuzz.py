"""Whatever a host, a service, a file or a foreign program says, it is read or refused, and nobody waits for that."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import PROJECT

SEED = "1"
"""The same inputs each time: a change is judged by what it did. `make fuzz` tries others."""


def fuzzed(*options: str) -> str:
    """What trying all parsers came to, with what repeats it; "" when nothing was found, and nobody else printed."""
    line = [sys.executable, "-m", "tests.fuzz", *options]
    done = subprocess.run(line, cwd=PROJECT, capture_output=True, text=True)
    good = done.returncode == 0 and not done.stderr
    return "" if good else f"exit status {done.returncode}\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}"


@pytest.mark.timeout(900)  # what bounds it is the kernel, which counts what it used of a processor that others use, too
def test_an_odd_input_is_read_or_refused_by_whatever_reads_it() -> None:
    assert fuzzed("--seed", SEED) == ""


@pytest.mark.timeout(900)
def test_a_megabyte_is_read_in_as_many_steps_as_it_has_signs() -> None:
    assert fuzzed("--megabyte", "--seed", SEED) == ""
