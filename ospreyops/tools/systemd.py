"""systemd, which keeps a program running on a Linux server."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import Blocked
from ..remote.command import Answer, Command
from ..remote.sudo import freely
from ..text import whole_number
from .supervisor import AGE, LIMIT, RESTART_PAUSE, STOP_LIMIT, Job, JobState, age_of, owned_by_root, shown, text_of

UNIT = "osprey-watch.service"
TAG = "osprey-watch"
"""The identifier of its lines in the journal; the lines of sudo, which it runs, do not have it."""
VALUE = {"\\": "\\\\", '"': '\\"', "%": "%%"}
ARGUMENT = {**VALUE, "$": "$$"}
"""What a word of a unit has in place of its special characters."""
UNIT_KEYS = ("LoadState", "ActiveState", "UnitFileState", "NeedDaemonReload", "MainPID", "Result", "ExecMainStatus")


class Systemd:
    """A unit."""

    name = UNIT
    file = f"/etc/systemd/system/{UNIT}"

    def text(self, job: Job) -> str:
        """A unit file. KillMode: what the job started, such as the service, goes on when the job ends."""
        environment = "".join(f"Environment={_word(f'{key}={value}', VALUE)}\n" for key, value in job.variables.items())
        return (
            "[Unit]\nDescription=Keeps the Osprey service alive\n"
            "After=docker.service network-online.target\nWants=network-online.target\nStartLimitIntervalSec=0\n\n"
            f"[Service]\nUser={job.user}\nWorkingDirectory={job.folder.replace('%', '%%')}\n{environment}"
            f"ExecStart={' '.join(_word(word, ARGUMENT) for word in job.words)}\n"
            f"Restart=always\nRestartSec={RESTART_PAUSE}\nTimeoutStopSec={STOP_LIMIT}\nKillMode=process\nSyslogIdentifier={TAG}\n\n"
            "[Install]\nWantedBy=multi-user.target\n"
        )

    def questions(self) -> dict[str, Command]:
        """Ask systemctl; where systemd is not the init, there is no answer."""
        keys = " ".join(f"-p {key}" for key in UNIT_KEYS)
        state = f'o=$(systemctl show {UNIT} {keys}) || exit 1; echo "$o"; p=$(echo "$o" | sed -n s/^MainPID=//p);'
        return {
            "daemon_file": shown(self.file),
            "daemon": Command(f"[ -d /run/systemd/system ] || exit 1; {state}{AGE}", LIMIT),
        }

    def job_state(self, answers: Mapping[str, Answer]) -> JobState:
        """The job. Errors: Blocked where there is no systemd."""
        file, answer = answers["daemon_file"], answers["daemon"]
        if not answer.ok:
            raise Blocked(f"there is no systemd to keep a program running: {answer.said or 'it is not the init'}")
        said = dict(line.partition("=")[::2] for line in answer.out.splitlines())
        active = said.get("ActiveState") in ("active", "activating", "deactivating", "reloading")
        enabled, known = said.get("UnitFileState") == "enabled", said.get("NeedDaemonReload") == "no"
        failed = said.get("Result", "success") != "success"
        return JobState(
            text_of(file),
            owned_by_root(file),
            loaded=active or enabled,
            current=active and enabled and known,
            pid=whole_number(said.get("MainPID", "")) or None,
            age=age_of(answer.out),
            ended=f"{said['Result']} {said.get('ExecMainStatus', '')}" if failed else None,
        )

    def start(self) -> Command:
        """Enable and restart the unit: one that runs may be older than its file."""
        line = f"systemctl daemon-reload && systemctl enable {UNIT} && systemctl restart {UNIT}"
        return Command(line, STOP_LIMIT + 30, sudo=True)

    def stop(self) -> Command:
        """Stop the unit, now and after the next boot."""
        return Command(f"systemctl stop {UNIT} && systemctl disable {UNIT}", STOP_LIMIT + 30, sudo=True)

    def forget(self) -> Command:
        """Remove the file, and what systemd remembers of failures."""
        line = f"rm -f {self.file} {self.file}.new && systemctl daemon-reload && systemctl reset-failed {UNIT} || true"
        return Command(line, LIMIT, sudo=True)

    def log(self, job_log: str, lines: int) -> Command:
        """Show the journal, which not every user may read."""
        line = f"journalctl --identifier {TAG} --lines {lines} --output cat --no-pager"
        return Command(f"{freely(line)}$s {line} 2>/dev/null || {line}", LIMIT)


def _word(text: str, special: Mapping[str, str]) -> str:
    """A word of a unit file, which has quotes, specifiers and variables of its own."""
    return '"' + "".join(special.get(letter, letter) for letter in text) + '"'
