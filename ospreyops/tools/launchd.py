"""launchd, which keeps a program running on a Mac (field book: macos, 1)."""

from __future__ import annotations

import plistlib
import re
from collections.abc import Mapping

from ..remote.command import Answer, Command, quote, sh
from .supervisor import AGE, LIMIT, RESTART_PAUSE, STOP_LIMIT, Job, JobState, age_of, owned_by_root, shown, text_of

LABEL = "edu.duke.cs.osprey"
PID = quote(r"s/^[[:space:]]*pid = //p")


class Launchd:
    """A LaunchDaemon: unlike an agent, it needs nobody to be logged in."""

    name = LABEL
    file = f"/Library/LaunchDaemons/{LABEL}.plist"

    def text(self, job: Job) -> str:
        """A property list. AbandonProcessGroup: what the job started, such as a VM, goes on when the job ends."""
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
            "ThrottleInterval": RESTART_PAUSE,
            "ExitTimeOut": STOP_LIMIT,
            "AbandonProcessGroup": True,
            "ProcessType": "Standard",
        }
        return plistlib.dumps(keys).decode()

    def questions(self) -> dict[str, Command]:
        """Ask launchctl; what it prints is no API, so only a few of its keys are read."""
        state = f'o=$(launchctl print system/{LABEL}); r=$?; echo "$o"; p=$(echo "$o" | sed -n {PID} | head -n 1);'
        return {"daemon_file": shown(self.file), "daemon": Command(f"{state}{AGE}; exit $r", LIMIT)}

    def job_state(self, answers: Mapping[str, Answer]) -> JobState:
        """The job; one that is absent makes launchctl fail with status 113."""
        file, answer = answers["daemon_file"], answers["daemon"]
        pid = re.search(r"^[ \t]*pid = ([0-9]{1,10})$", answer.out, re.MULTILINE)
        last = re.search(r"^[ \t]*last (exit code = [0-9].*|terminating signal = .*)$", answer.out, re.MULTILINE)
        return JobState(
            text_of(file),
            owned_by_root(file),
            loaded=answer.ok,
            current=answer.ok,
            pid=int(pid[1]) if pid else None,
            age=age_of(answer.out),
            ended=last[1].replace(" =", "") if last else None,
        )

    def start(self) -> Command:
        """Load the job; try again: bootstrap fails right after a job went, and its exit status is not reliable."""
        line = (
            f"plutil -lint -s {self.file} && launchctl enable system/{LABEL} && for s in 0.2 0.5 1 2 4; do"
            f" launchctl bootstrap system {self.file}; launchctl print system/{LABEL} >/dev/null 2>&1 && exit 0;"
            " sleep $s; done; exit 1"
        )
        return Command(line, 60, sudo=True)

    def stop(self) -> Command:
        """Unload the job; bootout returns before the job is gone, and fails when it is gone already."""
        line = (
            f"launchctl bootout system/{LABEL}; i=0; while launchctl print system/{LABEL} >/dev/null 2>&1; do"
            f" [ $i -lt {5 * (STOP_LIMIT + 10)} ] || exit 1; i=$((i + 1)); sleep 0.2; done"
        )
        return Command(line, STOP_LIMIT + 30, sudo=True)

    def forget(self) -> Command:
        """Remove the file; launchd keeps nothing else."""
        return Command(f"rm -f {self.file} {self.file}.new", LIMIT, sudo=True)

    def log(self, job_log: str, lines: int) -> Command:
        """Show the end of its log file."""
        return sh("tail -n {lines} {log}", lines=lines, log=job_log, limit=LIMIT)
