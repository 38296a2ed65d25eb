"""What launchd is given, and how what it says is read."""

from __future__ import annotations

import plistlib
from pathlib import Path

import pytest

from ospreyops.remote.command import Answer
from ospreyops.tools.launchd import LABEL, Launchd
from ospreyops.tools.supervisor import JobState
from tests.tools.jobs import JOB
from tests.tools.recorded import Case, check, recorded

READINGS = {
    "job_state": lambda answer: Launchd().job_state({"daemon_file": Answer(0), "daemon": answer}),
    "file": lambda answer: Launchd().job_state({"daemon_file": answer, "daemon": Answer(113)}),
}

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


def test_a_property_list_says_what_the_job_is_whatever_its_paths_have_in_them() -> None:
    keys = plistlib.loads(Launchd().text(JOB).encode())
    assert keys["Label"] == LABEL == Path(Launchd.file).stem
    assert keys["ProgramArguments"] == list(JOB.words)
    assert (keys["UserName"], keys["WorkingDirectory"]) == ("jmartin", JOB.folder)
    assert keys["EnvironmentVariables"]["VBOX_USER_HOME"] == "/Volumes/big <disk>"
    assert keys["KeepAlive"] is True and keys["RunAtLoad"] is True and keys["AbandonProcessGroup"] is True


def test_what_launchctl_prints_of_a_job_that_runs_is_read() -> None:
    kept = Launchd().job_state({"daemon_file": Answer(0, SHOWN), "daemon": Answer(0, PRINTED)})
    assert kept == JobState("<plist>\n", True, True, True, 4711, 93784, "exit code 1")


def test_a_job_that_waits_for_its_next_start_has_no_process() -> None:
    printed = "system/x = {\n\tstate = spawn scheduled\n\tlast terminating signal = Killed: 9\n}\n"
    kept = Launchd().job_state({"daemon_file": Answer(0, SHOWN), "daemon": Answer(0, printed)})
    assert (kept.loaded, kept.pid, kept.ended) == (True, None, "terminating signal Killed: 9")


def test_a_job_that_is_not_loaded_is_known_as_that() -> None:
    absent = Answer(113, "", 'Could not find service "edu.duke.cs.osprey" in domain for system\n')
    assert Launchd().job_state({"daemon_file": Answer(0), "daemon": absent}) == JobState()


@pytest.mark.parametrize("shown", ["-rw-rw-r-- 1 0 0 1", "-rw-r--r-- 1 501 0 1", "-rw-r--r-- 1 0 20 1"])
def test_a_file_that_launchd_would_refuse_at_the_next_boot_is_noticed(shown: str) -> None:
    text = shown + " Nov 23 11:15 x\n<plist>\n"
    assert not Launchd().job_state({"daemon_file": Answer(0, text), "daemon": Answer(0, PRINTED)}).ours


@pytest.mark.parametrize("case", recorded("launchd"), ids=str)
def test_a_job_of_launchd_is_known_by_its_words(case: Case) -> None:
    check(case, READINGS)
