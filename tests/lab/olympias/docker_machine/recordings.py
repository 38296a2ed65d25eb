"""The recordings of the real docker-machine, with what differs on the tests' machine changed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[3] / "recordings" / "docker-machine"
ADDRESS = "127.168.99.101"
CASE = re.compile(r"(.+)\n# rc=(\d+).*\n--- stdout (.*)\n((?:.*\n)*?)--- stderr .*\n?((?:.*\n?)*)")


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str


def recorded(file: str, command: str, number: int = 0) -> Ended:
    """How a recorded command ended, or of several such the one of this number."""
    text = (FOLDER / file).read_text().partition("$ ")[2].rstrip("\n") + "\n"
    cases = [CASE.match(chunk) for chunk in text.split("\n$ ")]
    found = [case for case in cases if case and case[1] == command][number]
    out = found[4][:-1] if f"({len(found[4]) - 1} bytes)" == found[3] else found[4]
    return Ended(int(found[2]), out, found[5].split("\n## ")[0])


def words(command: str) -> list[str]:
    """The arguments of a recorded `docker-machine ARGUMENT …`."""
    return shlex.split(command)[1:]


def here(text: str, home: Path, programs: Path) -> str:
    """A recorded text as it is on the tests' machine: its address, its folders, its driver."""
    for theirs, ours in {
        "192.168.99.101": ADDRESS,
        "/Users/jmartin": str(home),
        "/usr/local/bin/VBoxManage": str(programs / "VBoxManage"),
        "DRIVER    STATE": "DRIVER       STATE",
        "generic ": "virtualbox ",
        "Provisioning with debian": "Provisioning with boot2docker",
    }.items():
        text = text.replace(theirs, ours)
    return text
