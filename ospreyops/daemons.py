"""What keeps a program running on a host with nobody logged in: launchd on a Mac, systemd elsewhere.

Both are pure: they make the lines and the file, and read the answers (field book: macos, 1).
"""

from __future__ import annotations

import os
import plistlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional, Protocol

from .command import ETIME, Answer, Command, elapsed, quote, sh
from .errors import Blocked

LABEL = "edu.duke.cs.osprey"
UNIT = "osprey-watch.service"
TAG = "osprey-watch"
"""What its lines in the journal bear; those of sudo, which it uses, do not."""
PATH = "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin:/usr/sbin:/sbin"
LIMIT = 15
RETRY = 10
"""Seconds between two starts of a program that ends."""
PATIENT = 60
"""Seconds that a program may take to end, when it is told to."""
LOG_LIMIT = 5_000_000
"""Bytes of its log, from which it begins anew."""
PID = quote(r"s/^[[:space:]]*pid = //p")
AGE = ' [ "${p:-0}" = 0 ] || echo "age = $(ps -o etime= -p "$p")"'
VALUE = {"\\": "\\\\", '"': '\\"', "%": "%%"}
ARGUMENT = {**VALUE, "$": "$$"}
"""What a word of a unit has to have instead."""
OURS = r"-rw-r--r--\S? +\d+ 0 +0 "
UNIT_KEYS = ("LoadState", "ActiveState", "UnitFileState", "NeedDaemonReload", "MainPID", "Result", "ExecMainStatus")


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
class Kept:
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


class Daemons(Protocol):
    """A host's way of keeping programs running."""

    name: str
    file: str

    def text(self, job: Job) -> str:
        """The file that describes the job."""

    def questions(self) -> dict[str, Command]:
        """What is there of the job?"""

    def kept(self, answers: Mapping[str, Answer]) -> Kept:
        """What their answers mean."""

    def start(self) -> Command:
        """Have the job kept running, from now on and after each boot, as the file says; then it is known."""

    def stop(self) -> Command:
        """End it, and do not bring it back; then it is gone."""

    def forget(self) -> Command:
        """Remove the file."""

    def log(self, job_log: str, lines: int) -> Command:
        """The last lines that the job has printed."""


class Launchd:
    """A LaunchDaemon: it needs nobody to be logged in, as an agent would."""

    name = LABEL
    file = f"/Library/LaunchDaemons/{LABEL}.plist"

    def text(self, job: Job) -> str:
        """A property list. What is left of the job's process group when it ends, a VM for one, is let alone."""
        keys = {
            "Label": LABEL,
            "UserName": job.user,
            "ProgramArguments": list(job.words),
            "EnvironmentVariables": job.variables,
            "WorkingDirectory": job.folder,
            "StandardOutPath": job.log,
            "StandardErrorPath": job.log,
            "RunAtLoad": True,
            "KeepAlive": True,
            "ThrottleInterval": RETRY,
            "ExitTimeOut": PATIENT,
            "AbandonProcessGroup": True,
            "ProcessType": "Standard",
        }
        return plistlib.dumps(keys).decode()

    def questions(self) -> dict[str, Command]:
        """What launchctl prints is no API: a few of its keys alone are read."""
        state = f'o=$(launchctl print system/{LABEL}); r=$?; echo "$o"; p=$(echo "$o" | sed -n {PID} | head -n 1);'
        return {"daemon_file": _shown(self.file), "daemon": Command(f"{state}{AGE}; exit $r", LIMIT)}

    def kept(self, answers: Mapping[str, Answer]) -> Kept:
        """A job that is absent makes launchctl fail, with status 113."""
        file, answer = answers["daemon_file"], answers["daemon"]
        pid = re.search(r"^\s*pid = (\d+)$", answer.out, re.M)
        last = re.search(r"^\s*last (exit code = \d.*|terminating signal = .*)$", answer.out, re.M)
        return Kept(
            _text(file),
            _ours(file),
            loaded=answer.ok,
            current=answer.ok,
            pid=int(pid[1]) if pid else None,
            age=_age(answer.out),
            ended=last[1].replace(" =", "") if last else "",
        )

    def start(self) -> Command:
        """Tried again, for a job that has just gone makes bootstrap fail; what it says of success is not relied on."""
        line = (
            f"plutil -lint -s {self.file} && launchctl enable system/{LABEL} && for i in 1 2 3 4 5; do"
            f" launchctl bootstrap system {self.file}; launchctl print system/{LABEL} >/dev/null 2>&1 && exit 0;"
            " sleep 2; done; exit 1"
        )
        return Command(line, 60, sudo=True)

    def stop(self) -> Command:
        """Bootout comes back before the job is gone, and fails when it is gone already."""
        line = (
            f"launchctl bootout system/{LABEL}; i=0; while launchctl print system/{LABEL} >/dev/null 2>&1; do"
            f" [ $i -lt {PATIENT + 10} ] || exit 1; i=$((i + 1)); sleep 1; done"
        )
        return Command(line, PATIENT + 30, sudo=True)

    def forget(self) -> Command:
        """The file is all there is."""
        return Command(f"rm -f {self.file} {self.file}.new", LIMIT, sudo=True)

    def log(self, job_log: str, lines: int) -> Command:
        """Its output is in a file."""
        return sh("tail -n {lines} {log}", lines=lines, log=job_log, limit=LIMIT)


class Systemd:
    """A unit of systemd's."""

    name = UNIT
    file = f"/etc/systemd/system/{UNIT}"

    def text(self, job: Job) -> str:
        """A unit. KillMode: what the job has started, the service for one, goes on when the job ends."""
        environment = "".join(f"Environment={_word(f'{key}={value}', VALUE)}\n" for key, value in job.variables.items())
        return (
            "[Unit]\nDescription=Keeps the Osprey service alive\n"
            "After=docker.service network-online.target\nWants=network-online.target\nStartLimitIntervalSec=0\n\n"
            f"[Service]\nUser={job.user}\nWorkingDirectory={job.folder.replace('%', '%%')}\n{environment}"
            f"ExecStart={' '.join(_word(word, ARGUMENT) for word in job.words)}\nRestart=always\nRestartSec={RETRY}\n"
            f"TimeoutStopSec={PATIENT}\nKillMode=process\nSyslogIdentifier={TAG}\n\n[Install]\nWantedBy=multi-user.target\n"
        )

    def questions(self) -> dict[str, Command]:
        """Where there is no systemd, there is no answer."""
        keys = " ".join(f"-p {key}" for key in UNIT_KEYS)
        state = f'o=$(systemctl show {UNIT} {keys}) || exit 1; echo "$o"; p=$(echo "$o" | sed -n s/^MainPID=//p);'
        return {
            "daemon_file": _shown(self.file),
            "daemon": Command(f"[ -d /run/systemd/system ] || exit 1; {state}{AGE}", LIMIT),
        }

    def kept(self, answers: Mapping[str, Answer]) -> Kept:
        """Errors: Blocked where there is no systemd."""
        file, answer = answers["daemon_file"], answers["daemon"]
        if not answer.ok:
            raise Blocked(f"there is no systemd to keep a program running: {answer.said or 'it is not the init'}")
        said = dict(line.partition("=")[::2] for line in answer.out.splitlines())
        active = said.get("ActiveState") in ("active", "activating", "deactivating", "reloading")
        enabled, known = said.get("UnitFileState") == "enabled", said.get("NeedDaemonReload") == "no"
        failed = said.get("Result", "success") != "success"
        return Kept(
            _text(file),
            _ours(file),
            loaded=active or enabled,
            current=active and enabled and known,
            pid=int(said.get("MainPID", "0")) or None,
            age=_age(answer.out),
            ended=f"{said['Result']} {said.get('ExecMainStatus', '')}" if failed else "",
        )

    def start(self) -> Command:
        """Restart, for a unit that runs may be another than its file."""
        line = f"systemctl daemon-reload && systemctl enable {UNIT} && systemctl restart {UNIT}"
        return Command(line, PATIENT + 30, sudo=True)

    def stop(self) -> Command:
        """Stop it, now and at the next boot."""
        return Command(f"systemctl stop {UNIT} && systemctl disable {UNIT}", PATIENT + 30, sudo=True)

    def forget(self) -> Command:
        """Systemd remembers that it failed, too."""
        line = f"rm -f {self.file} {self.file}.new && systemctl daemon-reload && systemctl reset-failed {UNIT} || true"
        return Command(line, LIMIT, sudo=True)

    def log(self, job_log: str, lines: int) -> Command:
        """Its output is in the journal, which not every user may read."""
        line = f"journalctl --identifier {TAG} --lines {lines} --output cat --no-pager"
        return Command(f"sudo -n {line} 2>/dev/null || {line}", LIMIT)


def daemons(system: str) -> Daemons:
    """What keeps programs running on a host that says it is a Darwin, or another."""
    return Launchd() if system == "Darwin" else Systemd()


def write(path: str, text: str, *, sudo: bool) -> Command:
    """Write a file, whole or not at all: a line a word, for a login shell may be csh, whose words end at a newline."""
    lines = text.rstrip("\n").replace("\\", "\\\\").replace("!", "\\0041").split("\n")
    folder, new = quote(path.rpartition("/")[0]), quote(f"{path}.new")
    words = " ".join(map(quote, lines))
    line = f"umask 022 && mkdir -p {folder} && printf '%b\\n' {words} >{new} && mv -f {new} {quote(path)}"
    return Command(line, LIMIT, sudo)


def keep_small(log: str, limit: int = LOG_LIMIT) -> None:
    """Begin the log anew, when it is this process's own standard output and has grown: for a job to do now and then.

    Launchd does not, and newsyslog cannot: launchd would go on writing to the file that was put aside.
    """
    try:
        own = os.fstat(1)
        if own.st_size > limit and os.path.samestat(own, os.stat(log)):
            shutil.copyfile(log, f"{log}.1")
            os.ftruncate(1, 0)
    except OSError:
        return


def _shown(file: str) -> Command:
    return sh("[ ! -e {file} ] || { ls -ln {file} && cat {file}; }", file=file, limit=LIMIT)


def _text(shown: Answer) -> str:
    return shown.out.partition("\n")[2]


def _ours(shown: Answer) -> bool:
    return bool(re.match(OURS, shown.out))


def _age(printed: str) -> int:
    """The seconds of the line of AGE."""
    found = re.search(rf"^age =\s+{ETIME}$", printed, re.M)
    return elapsed(found[1]) if found else 0


def _word(text: str, special: Mapping[str, str]) -> str:
    """A word of a unit, which has quotes, specifiers and variables of its own."""
    return '"' + "".join(special.get(letter, letter) for letter in text) + '"'
