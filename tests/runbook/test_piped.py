"""`inv … | head`: who reads the first lines only gets those, in silence, and what was begun is done to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from tests.conftest import PROJECT

PROGRAM = f"{sys.executable} -m tests.sim.piped"


@dataclass
class Piped:
    """What a pipe came to: the exit status of `inv`, what was read of it, and what it said to standard error."""

    code: int
    out: list[str]
    err: str
    hosts: list[Any]


@cache
def piped(line: str, reader: str) -> Piped:
    shell = f"set -o pipefail; {PROGRAM} '{line}' | {reader}; echo status ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    *out, status = done.stdout.splitlines()
    err, _, hosts = done.stderr.rstrip("\n").rpartition("\n")
    return Piped(int(status.split()[1]), out, err, json.loads(hosts))


@pytest.mark.parametrize(
    "line",
    [
        *("status -H a,b,c", "doctor -H a", "history --json -H a,b", "deploy --version 0.4 -H a"),
        *("deploy --version 0.4 -H a,b,c", "--dry deploy --version 0.4 -H a", "nonsense"),
    ],
)
@pytest.mark.parametrize("reader", ["head -n 3", "true"])
def test_who_reads_the_first_lines_only_changes_nothing_but_what_is_read(line: str, reader: str) -> None:
    whole, part = piped(line, "cat"), piped(line, reader)
    assert (part.code, part.hosts) == (whole.code, whole.hosts)
    read = whole.out[: 0 if reader == "true" else 3]
    assert len(part.out) == len(read) and (part.out == read or "," in line)
    for said in ("BrokenPipe", "Traceback", "Exception", "Errno"):
        assert said not in part.err
    if "a,b" not in line:
        assert part.err == whole.err


def test_a_change_of_several_hosts_whose_reader_left_ends_where_it_should() -> None:
    assert piped("deploy --version 0.4 -H a,b,c", "head -n 3").hosts == ["0.4", "0.4", "0.3"]
    assert piped("deploy --version 0.4 -H a,b,c", "head -n 3").code == 2


def test_errors_go_to_nobody_in_silence_too() -> None:
    shell = f"{PROGRAM} 'deploy --version 0.4 -H c' 2>&1 | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("2", "")
