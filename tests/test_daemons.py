"""What launchd and systemd are given, and how what they say is read."""

from __future__ import annotations

import plistlib
import subprocess
import sys
from pathlib import Path

import pytest

from ospreyops.errors import Blocked
from ospreyops.remote.command import Answer
from ospreyops.tools.launchd import LABEL, Launchd
from ospreyops.tools.supervisor import Job, JobState, write
from ospreyops.tools.systemd import Systemd

JOB = Job(
    user="jmartin",
    home="/Users/jmartin",
    folder='/Users/jmartin/it\'s 100% "mine" $HOME',
    log="/Users/jmartin/watch.log",
    words=("/usr/local/bin/python3", "-I", "/Users/jmartin/a & b.pyz", "watch"),
    environment={"VBOX_USER_HOME": "/Volumes/big <disk>"},
)
# As the field book has it (macos, 1); arguments and environment stand between these lines on a Mac.
PRINTED = """\
system/edu.duke.cs.osprey = {
	active count = 1
	path = /Library/LaunchDaemons/edu.duke.cs.osprey.plist
	state = running

	program = /usr/local/bin/python3
	arguments = {
		/usr/local/bin/python3
		pid = none of launchd's
	}

	default environment = {
		PATH => /usr/bin:/bin:/usr/sbin:/sbin
	}

	runs = 2
	pid = 4711
	last exit code = 1
}
age = 1-02:03:04
"""
SHOWN = "-rw-r--r--@ 1 0  0  931 Nov 23 11:15 /Library/LaunchDaemons/edu.duke.cs.osprey.plist\n<plist>\n"
NOTHING = Answer(0)


def systemd(printed: str, code: int = 0) -> JobState:
    return Systemd().job_state({"daemon_file": NOTHING, "daemon": Answer(code, printed)})


def test_a_property_list_says_what_the_job_is_whatever_its_paths_have_in_them() -> None:
    keys = plistlib.loads(Launchd().text(JOB).encode())
    assert keys["Label"] == LABEL == Path(Launchd.file).stem
    assert keys["ProgramArguments"] == list(JOB.words)
    assert (keys["UserName"], keys["WorkingDirectory"]) == ("jmartin", JOB.folder)
    assert keys["EnvironmentVariables"]["VBOX_USER_HOME"] == "/Volumes/big <disk>"
    assert keys["KeepAlive"] is True and keys["RunAtLoad"] is True and keys["AbandonProcessGroup"] is True


def test_what_the_watch_has_started_outlives_it_on_a_server_too() -> None:
    assert "\nKillMode=process\n" in Systemd().text(JOB)
    assert "\nRestart=always\n" in Systemd().text(JOB)


def test_signs_that_mean_something_in_a_unit_are_taken_literally() -> None:
    job = Job("ops", "/home/ops", "/srv/50% $x", "", ("/usr/bin/python3", '/srv/50% $x "y" \\z'), {"A": "$1 %h"})
    unit = Systemd().text(job)
    assert 'ExecStart="/usr/bin/python3" "/srv/50%% $$x \\"y\\" \\\\z"\n' in unit
    assert "WorkingDirectory=/srv/50%% $x\n" in unit
    assert 'Environment="A=$1 %%h"\n' in unit


def test_what_launchctl_prints_of_a_job_that_runs_is_read() -> None:
    kept = Launchd().job_state({"daemon_file": Answer(0, SHOWN), "daemon": Answer(0, PRINTED)})
    assert kept == JobState("<plist>\n", True, True, True, 4711, 93784, "exit code 1")


def test_a_job_that_waits_for_its_next_start_has_no_process() -> None:
    printed = "system/x = {\n\tstate = spawn scheduled\n\tlast terminating signal = Killed: 9\n}\n"
    kept = Launchd().job_state({"daemon_file": Answer(0, SHOWN), "daemon": Answer(0, printed)})
    assert (kept.loaded, kept.pid, kept.ended) == (True, None, "terminating signal Killed: 9")


def test_a_job_that_is_not_loaded_is_known_as_that() -> None:
    absent = Answer(113, "", 'Could not find service "edu.duke.cs.osprey" in domain for system\n')
    assert Launchd().job_state({"daemon_file": NOTHING, "daemon": absent}) == JobState()


@pytest.mark.parametrize("shown", ["-rw-rw-r-- 1 0 0 1", "-rw-r--r-- 1 501 0 1", "-rw-r--r-- 1 0 20 1"])
def test_a_file_that_launchd_would_refuse_at_the_next_boot_is_noticed(shown: str) -> None:
    text = shown + " Nov 23 11:15 x\n<plist>\n"
    assert not Launchd().job_state({"daemon_file": Answer(0, text), "daemon": Answer(0, PRINTED)}).ours


def test_what_systemd_says_of_a_unit_that_runs_is_read() -> None:
    printed = "ActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no\nMainPID=99\nage =    00:07\n"
    assert systemd(printed) == JobState("", False, True, True, 99, 7, "")


@pytest.mark.parametrize("wrong", ["UnitFileState=disabled", "NeedDaemonReload=yes", "ActiveState=failed"])
def test_a_unit_that_would_not_come_back_as_it_should_is_not_current(wrong: str) -> None:
    printed = f"ActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no\nMainPID=99\n{wrong}\n"
    assert not systemd(printed).current


def test_why_a_unit_failed_is_told() -> None:
    printed = "ActiveState=activating\nMainPID=0\nResult=exit-code\nExecMainStatus=203\n"
    assert (systemd(printed).ended, systemd(printed).pid) == ("exit-code 203", None)


def test_a_host_without_systemd_is_told_so() -> None:
    with pytest.raises(Blocked, match="there is no systemd"):
        systemd("", 1)


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_file_is_written_as_it_is_whatever_signs_it_has(tmp_path: Path, shell: str) -> None:
    text = '<!DOCTYPE> it\'s\n\n  "$HOME" `id` %s \\n \\0041 100%\n'
    command = write(f"{tmp_path}/a folder/file", text, sudo=False)
    assert not set("\n!") & set(command.line)
    subprocess.run([shell, "-c", command.line], check=True, timeout=10)
    assert (tmp_path / "a folder/file").read_text() == text
    assert [path.name for path in (tmp_path / "a folder").iterdir()] == ["file"]


WRITER = (
    "import sys; from ospreyops.healing.watch import trim_log\n"
    "for line in 'abc': print(line * 60, flush=True); trim_log(sys.argv[1], 100)"
)


def test_a_log_that_has_grown_begins_anew_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "watch.log"
    with log.open("ab") as out:
        subprocess.run([sys.executable, "-c", WRITER, str(log)], stdout=out, check=True, timeout=30)
    assert (tmp_path / "watch.log.1").read_text() == "a" * 60 + "\n" + "b" * 60 + "\n"
    assert log.read_text() == "c" * 60 + "\n"


@pytest.mark.parametrize("name", ["watch.log", "absent/watch.log"])
def test_what_is_printed_elsewhere_is_let_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / "watch.log").write_text("of a daemon")
    with (tmp_path / "mine").open("ab") as out:
        subprocess.run([sys.executable, "-c", WRITER, str(tmp_path / name)], stdout=out, check=True, timeout=30)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "watch.log"]
    assert (tmp_path / "mine").stat().st_size == 183
