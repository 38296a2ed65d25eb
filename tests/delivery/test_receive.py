"""What receives an upload on the host: receive.pl by itself."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from ospreyops.delivery.upload import SHA256
from ospreyops.remote.command import quote
from ospreyops.remote.perl import program

DATA = os.urandom(3_000_000)


def words(file: Path, silence: int = 5, beside: str = SHA256) -> list[str]:
    return ["perl", "-e", program("ospreyops.remote", "receive.pl"), str(silence), str(file), beside]


@pytest.mark.parametrize("there", [0, 1, 65_536, 1_234_567, 3_000_000])
def test_what_is_received_is_written_after_what_is_there_and_the_sum_is_of_the_whole(
    tmp_path: Path, there: int
) -> None:
    file = tmp_path / "it's a.part"
    file.write_bytes(DATA[:there])
    done = subprocess.run(words(file), input=DATA[there:], capture_output=True)
    assert (done.returncode, file.read_bytes(), done.stdout) == (0, DATA, b"")
    assert done.stderr.split()[0].decode() == hashlib.sha256(DATA).hexdigest()


@pytest.mark.parametrize("beside", ["exit 3", "head -c 100 >/dev/null", "/no/such/program"])
def test_what_is_received_is_written_though_nothing_can_tell_its_sum(tmp_path: Path, beside: str) -> None:
    file = tmp_path / "a.part"
    done = subprocess.run(words(file, beside=f"({beside}) 2>/dev/null"), input=DATA, capture_output=True)
    assert (done.returncode, file.read_bytes(), done.stderr) == (0, DATA, b"")


@pytest.mark.parametrize("before", [b"half", b""])
def test_a_sender_that_sleeps_is_not_waited_for(tmp_path: Path, before: bytes) -> None:
    file = tmp_path / "a.part"
    with subprocess.Popen(words(file, silence=1), stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin and process.stderr
        process.stdin.write(before)
        process.stdin.flush()
        assert process.wait(20) != 0
        assert file.read_bytes() == before
        assert process.stderr.readline() == b"nothing was received for 1 s\n"


def test_a_file_that_cannot_be_written_is_told_first_and_the_sum_has_no_more_than_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.part"
    full = f"trap '' XFSZ; ulimit -f 8; exec {' '.join(map(quote, words(file)))}"
    done = subprocess.run(["sh", "-c", full], input=DATA, capture_output=True)
    why, told = done.stderr.decode().splitlines()
    assert done.returncode and why == "it cannot be written: File too large"
    assert DATA.startswith(file.read_bytes()) and told[:64] != hashlib.sha256(DATA).hexdigest()
