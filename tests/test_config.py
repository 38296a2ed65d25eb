"""Settings that Invoke cannot read are refused in one line that names the file, before anything is asked of a host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Inv

TOO_LONG = "a" * 64


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"osprey: {hosts: [\n", "FILE:2: this is no YAML: expected the node content"),
        (b"osprey: &a {hosts: *a}\n", "FILE: it cannot be read: a part of it holds itself"),
        (b"- osprey\n", "FILE: it cannot be read: it is no mapping"),
        (b"osprey: {user: \xff}\n", "FILE: it cannot be read: 'utf-8' codec can't decode"),
        (b"osprey: {user: 2026-13-45}\n", "FILE: it cannot be read: month must be in 1..12"),
        (b"run: 7\n", "FILE: it cannot be read: a single value stands where a mapping"),
    ],
    ids=["cut off", "a circle", "a list", "no UTF-8", "no date", "another shape"],
)
def test_settings_that_cannot_be_read_are_said_in_one_line(inv: Inv, tmp_path: Path, text: bytes, why: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_bytes(text)
    ran = inv("-f", str(file), "net.status", "-H", "localhost")
    assert (ran.code, ran.out) == (1, "")
    (line,) = ran.err.splitlines()
    assert re.search(why.replace("FILE", re.escape(str(file))), line)


def test_a_host_name_that_dns_does_not_take_is_said_in_one_line(inv: Inv) -> None:
    ran = inv("net.status", "-H", f"{TOO_LONG}.example")
    assert ran.code == 4
    assert "no host has that name: a part is empty, longer than 63 letters" in ran.err
