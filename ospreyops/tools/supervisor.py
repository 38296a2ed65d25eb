"""What keeps a program running on a host with nobody logged in: launchd on a Mac, systemd elsewhere.

Both are pure: they make the lines and the file, and read the answers (field book: macos, 1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional, Protocol

from ..remote.command import Answer, Command, quote, sh
from .ps import ETIME, elapsed

PATH = "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin:/usr/sbin:/sbin"
LIMIT = 15
RESTART_PAUSE = 10
"""Seconds between two starts of a program that ends."""
STOP_LIMIT = 60
"""Seconds that a program may take to end, when it is told to."""
AGE = ' [ "${p:-0}" = 0 ] || echo "age = $(ps -o etime= -p "$p")"'
OURS = r"-rw-r--r--\S? +\d+ 0 +0 "


@dataclass(frozen=True)
class Job:
    """What is to be kept running. words: absolute paths, no shell; home: its user's; folder: where it works."""

    user: str
    home: str
    folder: str
    log: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """The whole environment: launchd and systemd give next to nothing."""
        own = {"HOME": self.home, "USER": self.user, "LOGNAME": self.user, "SHELL": "/bin/sh", "PATH": PATH}
        return {**own, **self.environment}


@dataclass(frozen=True)
class JobState:
    """What a host says of the job. file: its text, "" when there is none; ours: only root may change it.

    loaded: it is kept running, or tried to; current: as the file says, and at the next boot, too.
    pid, age (seconds): of its process; ended: how the last one ended.
    """

    file: str = ""
    ours: bool = False
    loaded: bool = False
    current: bool = False
    pid: Optional[int] = None
    age: int = 0
    ended: str = ""


class Supervisor(Protocol):
    """A host's way of keeping programs running."""

    name: str
    file: str

    def text(self, job: Job) -> str:
        """The file that describes the job."""

    def questions(self) -> dict[str, Command]:
        """What is there of the job?"""

    def job_state(self, answers: Mapping[str, Answer]) -> JobState:
        """What their answers mean."""

    def start(self) -> Command:
        """Have the job kept running, from now on and after each boot, as the file says; then it is known."""

    def stop(self) -> Command:
        """End it, and do not bring it back; then it is gone."""

    def forget(self) -> Command:
        """Remove the file."""

    def log(self, job_log: str, lines: int) -> Command:
        """The last lines that the job has printed."""


def write(path: str, text: str, *, sudo: bool) -> Command:
    """Write a file, whole or not at all: a line a word, for a login shell may be csh, whose words end at a newline."""
    lines = text.rstrip("\n").replace("\\", "\\\\").replace("!", "\\0041").split("\n")
    folder, new = quote(path.rpartition("/")[0]), quote(f"{path}.new")
    words = " ".join(map(quote, lines))
    line = f"umask 022 && mkdir -p {folder} && printf '%b\\n' {words} >{new} && mv -f {new} {quote(path)}"
    return Command(line, LIMIT, sudo)


def shown(file: str) -> Command:
    return sh("[ ! -e {file} ] || { ls -ln {file} && cat {file}; }", file=file, limit=LIMIT)


def text_of(shown: Answer) -> str:
    return shown.out.partition("\n")[2]


def owned_by_root(shown: Answer) -> bool:
    return bool(re.match(OURS, shown.out))


def age_of(printed: str) -> int:
    """The seconds of the line of AGE."""
    found = re.search(rf"^age =\s+{ETIME}$", printed, re.M)
    return elapsed(found[1]) if found else 0
