"""known_hosts is read as ssh-keygen -F reads it."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Callable

import pytest

from ospreyops.remote import known_hosts
from ospreyops.remote.known_hosts import look_up, matches
from tests.lab.ssh import make_key

NAMES = ("a.b", "ab", "aab", "[a.b]:22", "[aa]:2222", "b")


def found_by_ssh_keygen(file: Path, name: str) -> list[int]:
    words = ["ssh-keygen", "-F", name, "-f", str(file)]
    said = subprocess.run(words, capture_output=True, timeout=60).stdout.decode("latin-1").splitlines()
    return [int(line.split(" line ")[1].split()[0]) for line in said if line.startswith("# Host ")]


@pytest.mark.parametrize("seed", range(4))
def test_a_name_is_found_in_the_lines_where_ssh_keygen_finds_it(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    key = " ".join(make_key(tmp_path / "key").with_suffix(".pub").read_text().split()[:2])
    marks = ("", "", "", "@revoked ", "@cert-authority\t", " ", "#")
    lines = ["".join(chance.choices("aab.*?!,[]:2A", k=chance.randint(1, 9))) for _ in range(500)]
    file = tmp_path / "known_hosts"
    file.write_text("".join(f"{chance.choice(marks)}{names} {key}\n" for names in lines))
    for name in NAMES:
        assert [entry.line for entry in look_up([file], [name])] == found_by_ssh_keygen(file, name)


def test_a_hashed_name_is_found_where_ssh_keygen_has_hashed_it(tmp_path: Path) -> None:
    key = make_key(tmp_path / "key").with_suffix(".pub").read_text()
    file = tmp_path / "known_hosts"
    file.write_text("".join(f"{name} {key}" for name in NAMES))
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True, timeout=60)
    assert b"a.b" not in file.read_bytes()
    for number, name in enumerate(NAMES, 1):
        assert [entry.line for entry in look_up([file], [name])] == [number]


def steps(call: Callable[[], object]) -> int:
    """The lines of known_hosts.py that a call runs."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        count += event == "line" and frame.f_code.co_filename == known_hosts.__file__
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def test_the_worst_pattern_takes_no_more_steps_than_its_length_and_the_names_allow() -> None:
    name, pattern = b"a" * 200 + b"ba", b"*a" * 100 + b"*bb"[:2] + b"b*"
    assert steps(lambda: matches(name, pattern)) < 10 * len(name) * len(pattern)


def test_a_megabyte_on_one_line_is_read_in_steps_that_do_not_grow_with_it(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_bytes(b"*" * 1_000_000 + b" ssh-ed25519 x")
    assert steps(lambda: look_up([file], ["host"])) < 100
