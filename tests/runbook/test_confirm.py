"""What cuts a job is asked on a terminal, and refused where nobody can be asked."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pexpect
import pytest

from tests.conftest import PROJECT

PROGRAM = ["-m", "tests.sim.asked"]
QUESTION = r"go on, as with --yes\? \[y/N\] "
LOSS = "osprey/service:0.3 computes sander: service.stop would cut that"


def on_terminal(line: str) -> pexpect.spawn[str]:
    """`inv LINE` on a terminal of its own."""
    return pexpect.spawn(sys.executable, [*PROGRAM, line], cwd=str(PROJECT), encoding="utf-8", timeout=60)


def ended(child: pexpect.spawn[str]) -> tuple[int, dict[str, Any]]:
    """How it ended, and what it left on the hosts."""
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus is not None and child.before
    found: dict[str, Any] = json.loads(child.before.strip().splitlines()[-1])
    return child.exitstatus, found


@pytest.mark.parametrize("answer", ["y", "YES"])
def test_a_yes_stops_the_service_and_the_history_says_that_it_was_confirmed(answer: str) -> None:
    child = on_terminal("service.stop -H a")
    child.expect_exact(LOSS)
    child.expect_exact("try: --yes, or inv service.drain -H a, which lets it finish")
    child.expect(QUESTION)
    child.sendline(answer)
    assert ended(child) == (0, {"a": [False, "service.stop --yes"], "b": [True]})


@pytest.mark.parametrize("answer", ["", "n", "what?", "\x04"])
def test_anything_else_leaves_the_job_alone_and_says_so(answer: str) -> None:
    child = on_terminal("service.stop -H a")
    child.expect(QUESTION)
    child.sendline(answer) if answer != "\x04" else child.sendeof()
    child.expect_exact("nothing was done on a: the answer was no")
    assert ended(child) == (3, {"a": [True], "b": [True]})


def test_ctrl_c_at_the_question_leaves_the_job_alone() -> None:
    child = on_terminal("service.stop -H a")
    child.expect(QUESTION)
    child.sendintr()
    assert ended(child) == (130, {"a": [True], "b": [True]})


def test_with_yes_nothing_is_asked() -> None:
    child = on_terminal("service.stop --yes -H a")
    assert child.expect([QUESTION, "no service runs"]) == 1
    assert ended(child) == (0, {"a": [False, "service.stop --yes"], "b": [True]})


@pytest.mark.parametrize("pace", ["", " --serial 2"])
def test_of_several_hosts_each_is_asked_about(pace: str) -> None:
    child = on_terminal(f"service.stop -H a,b{pace} --keep-going")
    for name in ("a", "b"):
        child.expect(rf"(?s){'sander' if pace else name}.*?{QUESTION}")
        child.sendline("y")
    assert ended(child) == (0, {"a": [False, "service.stop --yes"], "b": [False, "service.stop --yes"]})


def test_ctrl_c_at_the_second_hosts_question_tells_what_became_of_each() -> None:
    child = on_terminal("service.stop -H a,b")
    child.expect(QUESTION)
    child.sendline("y")
    child.expect(QUESTION)
    child.sendintr()
    child.expect_exact("a: 2 steps done: no service runs")
    child.expect_exact("b: osprey/service:0.3 runs, healthy")
    assert ended(child) == (130, {"a": [False, "service.stop --yes"], "b": [True]})


def test_who_says_no_for_one_host_has_the_rest_not_begun() -> None:
    child = on_terminal("service.stop -H a,b")
    child.expect(QUESTION)
    child.sendline("n")
    child.expect_exact("nothing was done on a: the answer was no")
    child.expect_exact("not begun")
    assert ended(child) == (3, {"a": [True], "b": [True]})


@pytest.mark.parametrize("output", ["", " | cat"])
def test_off_a_terminal_it_is_refused_with_what_would_be_cut_and_the_flag(output: str) -> None:
    line = f"{sys.executable} {' '.join(PROGRAM)} 'service.stop -H a' 2>&1 </dev/null"
    if output:
        child = pexpect.spawn("bash", ["-c", line.replace("</dev/null", output)], cwd=str(PROJECT), encoding="utf-8")
        assert child.expect([QUESTION, LOSS], timeout=60) == 1
        assert ended(child)[1]["a"] == [True]
        return
    done = subprocess.run(["bash", "-c", line], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert LOSS in done.stdout and "try: --yes" in done.stdout and "go on" not in done.stdout


@pytest.mark.parametrize("line", ["lock.release -H a", "fix.service -H a"])
def test_a_task_with_nothing_to_cut_asks_nothing(line: str) -> None:
    child = on_terminal(line)
    assert child.expect([QUESTION, "nothing to do"]) == 1
    assert ended(child)[0] == 0
