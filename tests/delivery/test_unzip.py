"""What decodes bzip2 on all processors: the same as bzip2, or a failure."""

from __future__ import annotations

import bz2
import os
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ospreyops.delivery

UNZIP = Path(ospreyops.delivery.__file__).with_name("unzip.pl")
STEP = 30_000
"""Bytes of a piece: less than a block of data that cannot be made smaller."""


def decoded(packed: bytes) -> tuple[int, bytes]:
    """The exit status, and what was decoded."""
    line = ["/usr/bin/perl", "-w", str(UNZIP), str(STEP)]
    done = subprocess.run(line, input=packed, capture_output=True, timeout=60)
    assert b" at " not in done.stderr, done.stderr
    return done.returncode, done.stdout


def some(seed: int, size: int) -> bytes:
    """Bytes of which some can be made smaller, and some not."""
    make = random.Random(seed)
    return b"".join(make.randbytes(997) if make.random() < 0.8 else bytes(5000) for _ in range(size // 2000))


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 99), st.lists(st.tuples(st.integers(0, 900_000), st.integers(1, 9)), min_size=1, max_size=4))
def test_all_streams_are_decoded_to_what_they_were(seed: int, streams: list[tuple[int, int]]) -> None:
    parts = [(some(seed + number, size), level) for number, (size, level) in enumerate(streams)]
    packed = b"".join(bz2.compress(data, level) for data, level in parts)
    assert decoded(packed) == (0, b"".join(data for data, _ in parts))


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_wrong_byte_is_a_failure_or_does_not_matter(at: int, wrong: int) -> None:
    data = some(1, 600_000)
    packed = bytearray(bz2.compress(data, 1) + bz2.compress(b"end"))
    packed[at % len(packed)] ^= wrong
    status, out = decoded(bytes(packed))
    assert status == 1 or out == data + b"end"


@pytest.mark.parametrize("end", [0, 3, 4, 30, 0.3, 0.7, -60, -20, -1])
def test_a_file_that_was_cut_off_is_a_failure(end: float) -> None:
    data = some(2, 600_000)
    packed = bz2.compress(data, 1)
    status, out = decoded(packed[: end if isinstance(end, int) else int(len(packed) * end)])
    assert status == 1 and out != data


def test_what_follows_the_last_stream_is_passed_over_as_bzip2_does() -> None:
    data = some(3, 300_000)
    assert decoded(bz2.compress(data, 1) + bytes(700)) == (0, data)


def test_a_big_file_is_decoded_in_pieces(tmp_path: Path) -> None:
    data = os.urandom(2_000_000)
    (tmp_path / "packed").write_bytes(bz2.compress(data))
    line = f"perl {UNZIP} <{tmp_path}/packed"
    assert subprocess.run(["sh", "-c", line], capture_output=True, timeout=60, check=True).stdout == data


def test_where_no_pipe_can_be_made_wider_as_on_a_mac_it_decodes_the_same() -> None:
    data, program = some(3, 3_000_000), UNZIP.read_text()
    assert "1031" in program
    line = ["/usr/bin/perl", "-we", program.replace("1031", "9999"), str(STEP)]
    done = subprocess.run(line, input=bz2.compress(data), capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, data, b"")
