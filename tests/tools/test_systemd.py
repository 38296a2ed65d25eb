"""What systemd is given, and how what it says is read."""

from __future__ import annotations

import pytest

from ospreyops.errors import Blocked
from ospreyops.remote.command import Answer
from ospreyops.tools.supervisor import Job, JobState
from ospreyops.tools.systemd import Systemd
from tests.tools.jobs import JOB
from tests.tools.recorded import Case, check, recorded

READINGS = {
    "job_state": lambda answer: Systemd().job_state({"daemon_file": Answer(0), "daemon": answer}),
    "file": lambda answer: Systemd().job_state({"daemon_file": answer, "daemon": Answer(0)}),
}


def systemd(printed: str, code: int = 0) -> JobState:
    return Systemd().job_state({"daemon_file": Answer(0), "daemon": Answer(code, printed)})


def test_what_the_watch_has_started_outlives_it_on_a_server_too() -> None:
    assert "\nKillMode=process\n" in Systemd().text(JOB)
    assert "\nRestart=always\n" in Systemd().text(JOB)


def test_signs_that_mean_something_in_a_unit_are_taken_literally() -> None:
    job = Job("ops", "/home/ops", "/srv/50% $x", "", ("/usr/bin/python3", '/srv/50% $x "y" \\z'), {"A": "$1 %h"})
    unit = Systemd().text(job)
    assert 'ExecStart="/usr/bin/python3" "/srv/50%% $$x \\"y\\" \\\\z"\n' in unit
    assert "WorkingDirectory=/srv/50%% $x\n" in unit
    assert 'Environment="A=$1 %%h"\n' in unit


def test_what_systemd_says_of_a_unit_that_runs_is_read() -> None:
    printed = "ActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no\nMainPID=99\nage =    00:07\n"
    assert systemd(printed) == JobState(None, False, True, True, 99, 7, None)


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


@pytest.mark.parametrize("case", recorded("systemd"), ids=str)
def test_a_unit_of_systemd_is_known_by_its_words(case: Case) -> None:
    check(case, READINGS)
