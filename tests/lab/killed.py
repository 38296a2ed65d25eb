"""A task of a workstation that is killed in the middle."""

from __future__ import annotations

import os
import signal

from tests.conftest import Inv


def killed_at(inv: Inv, step: int, *words: str) -> bool:
    """Run a task and kill it when its step of this number, counted from 0, begins; False if it ended before."""
    process = inv.start(*words, PYTHONIOENCODING="ascii")
    assert process.stdout
    begun = 0
    for line in process.stdout:
        begun += line.startswith("  $ ")
        if begun > step:
            os.kill(process.pid, signal.SIGKILL)
            break
    killed = process.wait(60) == -signal.SIGKILL
    process.stdout.close()
    return killed
