"""The log of a release that failed outlives its container, and is shown without this tool's own questions."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ospreyops.release import PROBES
from tests.worlds import Sim, deployed, unfit


def test_the_log_of_a_release_that_failed_is_shown_by_the_line_that_the_failure_names(sim: Sim) -> None:
    host = deployed(sim, "0.3")
    host.healthy = unfit
    failed = sim("deploy --version 0.4 -H sim", host)
    told = "inv service.logs 0.4 --failed -H sim"
    assert f"log: {told}\n" in failed.err
    assert [line for line in failed.err.splitlines() if line.startswith("  | ")][5:] == ["  | the last log line"]
    assert sim(told.removeprefix("inv "), host).out.strip() == "its last words"


def test_a_release_that_did_not_fail_has_no_such_log(sim: Sim) -> None:
    host = deployed(sim, "0.3", "0.4")
    ran = sim("service.logs --version 0.4 --failed -H sim", host)
    assert (ran.code, ran.out) == (3, "")
    assert "no start of 0.4 that failed has left a log on sim" in ran.err


def test_a_version_alone_is_told_what_it_goes_with(sim: Sim) -> None:
    ran = sim("service.logs --version 0.4 -H sim", deployed(sim, "0.4"))
    assert ran.code == 1
    assert "--version goes with --failed" in ran.err


def test_questions_of_this_tool_are_not_shown_and_all_else_is(tmp_path: Path) -> None:
    asked = [
        '{"level":"error","request":{"method":"GET","uri":"/v0.4/about","headers":{"User-Agent":["curl/7"]}},"status":502}',
        '172.17.0.1 - - [27/Nov/2026] "GET /about HTTP/1.1" 502 0',
    ]
    other = ['{"level":"error","request":{"uri":"/v0.4/jobs"}}', "java.lang.OutOfMemoryError: about 1 GB"]
    (tmp_path / "log").write_text("\n".join([*asked, *other]))
    shown = subprocess.run(["grep", "-aEv", PROBES, str(tmp_path / "log")], capture_output=True, text=True)
    assert shown.stdout.splitlines() == other
