"""What keeps a program running on a host with nobody logged in: launchd on a Mac, systemd elsewhere.

A supervisor is pure: it makes the lines and the file, and reads the answers (field book: macos, 1).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional, Protocol

from ..remote.command import Answer, Command, quote, sh
from ..secret import Secret
from .ps import ETIME, elapsed

SYSTEM = "/usr/bin:/bin:/usr/sbin:/sbin"
PATH = f"/usr/local/bin:/opt/homebrew/bin:{SYSTEM}"
"""Where a user's programs are; for root the system's come first: Homebrew's belong to a user."""
LIMIT = 15
RESTART_PAUSE = 10
"""Seconds between two starts of a program that ends."""
STOP_LIMIT = 60
"""Seconds that a program may take to end, once it is told to."""
AGE = ' [ "${p:-0}" = 0 ] || echo "age = $(ps -o etime= -p "$p")"'
PRIVATE = r"-rw-------[.@]? "
OURS = r"-rw-r--r--\S? +[0-9]+ 0 +0 "


@dataclass(frozen=True)
class Job:
    """A program that is to be kept running.

    words: absolute paths, no shell; home: its user's; folder: where it works.
    """

    user: str
    home: str
    folder: str
    log: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> dict[str, str]:
        """The whole environment: launchd and systemd give a program next to nothing."""
        own = {"HOME": self.home, "USER": self.user, "LOGNAME": self.user, "SHELL": "/bin/sh"}
        own["PATH"] = SYSTEM if self.user == "root" else PATH
        return {**own, **self.environment}


@dataclass(frozen=True)
class JobState:
    """What a host says of the job. file: the text of its file, None without one; ours: only root may change that.

    loaded: the supervisor keeps it running, or tries to; current: as the file says, and after the next boot, too.
    pid, age (seconds): of its process; ended: how the last process ended, None when none failed.
    """

    file: Optional[str] = None
    ours: bool = False
    loaded: bool = False
    current: bool = False
    pid: Optional[int] = None
    age: int = 0
    ended: Optional[str] = None


class Supervisor(Protocol):
    """What keeps programs running on a host."""

    name: str
    file: str

    def text(self, job: Job) -> str:
        """The text of the file that describes the job."""

    def questions(self) -> dict[str, Command]:
        """The lines that ask for the job."""

    def job_state(self, answers: Mapping[str, Answer]) -> JobState:
        """What their answers tell."""

    def start(self) -> Command:
        """Keep the job running as its file says, after each boot, too; returns once the supervisor knows it."""

    def stop(self) -> Command:
        """End the job and keep it ended; returns once it is gone."""

    def forget(self) -> Command:
        """Remove the file."""

    def log(self, job_log: str, lines: int) -> Command:
        """Show the last lines that the job printed."""


def write(path: str, text: str, *, sudo: bool) -> Command:
    """Write a file, whole or not at all.

    Each of its lines is a word of the command: a login shell may be csh, whose words end at a newline.
    """
    lines = text.rstrip("\n").replace("\\", "\\\\").replace("!", "\\0041").split("\n")
    folder, new = quote(path.rpartition("/")[0]), quote(f"{path}.new")
    words = " ".join(map(quote, lines))
    line = f"umask 022 && mkdir -p {folder} && printf '%b\\n' {words} >{new} && mv -f {new} {quote(path)}"
    return Command(line, LIMIT, sudo, path)


def shown(file: str) -> Command:
    """Show a file with its owner, where it is there."""
    return sh("[ ! -e {file} ] || { ls -ln {file} && cat {file}; }", file=file, limit=LIMIT)


def text_of(shown: Answer) -> Optional[str]:
    """The text of a file that was shown; None when it is not there."""
    return shown.out.partition("\n")[2] or None


def private_text(shown: Answer) -> Optional[Secret]:
    """The text of a file that was shown; None when it is not there, or when others than its owner may read it."""
    return Secret(text_of(shown) or "") if re.match(PRIVATE, shown.out) else None


def owned_by_root(shown: Answer) -> bool:
    """Only root may change the file that was shown."""
    return bool(re.match(OURS, shown.out))


def age_of(printed: str) -> int:
    """The seconds in the line that AGE printed."""
    found = re.search(rf"^age =[ \t]+{ETIME}$", printed, re.MULTILINE)
    return elapsed(found[1]) if found else 0
