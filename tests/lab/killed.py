"""A task of a workstation that is killed in the middle."""

from __future__ import annotations

import signal
import subprocess

from tests.conftest import Inv


def reaches(process: subprocess.Popen[str], step: int) -> bool:
    """Read what a task prints until its step of this number, counted from 0, begins; False if it ended before."""
    assert process.stdout
    begun = 0
    while begun <= step and (line := process.stdout.readline()):
        begun += line.startswith("  $ ")
    return begun > step


def prints(process: subprocess.Popen[str], text: str) -> bool:
    """Read what a task prints until there is that text in a line; False if it ended before."""
    assert process.stdout
    return any(text in line for line in iter(process.stdout.readline, ""))


def killed_at(inv: Inv, step: int, *words: str) -> bool:
    """Run a task and kill it when its step of this number begins; False if it ended before."""
    with inv.start(*words, PYTHONIOENCODING="ascii") as process:
        if reaches(process, step):
            process.kill()
        return process.wait(60) == -signal.SIGKILL
