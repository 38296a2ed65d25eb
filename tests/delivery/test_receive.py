"""What receives an upload on the host: receive.pl by itself."""

from __future__ import annotations

import os
import subprocess

from ospreyops.remote.perl import program


def test_what_is_received_is_written_whole() -> None:
    data = os.urandom(3_000_000)
    done = subprocess.run(
        ["perl", "-e", program("ospreyops.remote", "receive.pl"), "5"], input=data, capture_output=True
    )
    assert (done.returncode, done.stdout) == (0, data)


def test_a_sender_that_sleeps_is_not_waited_for() -> None:
    words = ["perl", "-e", program("ospreyops.remote", "receive.pl"), "1"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin and process.stderr and process.stdout
        process.stdin.write(b"half")
        process.stdin.flush()
        assert process.wait(20) != 0
        assert (process.stdout.read(), process.stderr.read()) == (b"half", b"nothing was received for 1 s\n")
