"""Chains of tasks, several hosts, exit statuses and JSON."""

from __future__ import annotations

import json

import pytest

from tests.sim.host import SimHost
from tests.worlds import Sim, running


def test_a_chain_continues_on_the_host_of_the_task_before_and_says_so(sim: Sim) -> None:
    host, here = SimHost(), SimHost(name="localhost")
    ran = sim("image.load --version 0.3 -H sim service.start --version 0.3 status", host, here)
    assert ran.code == 0
    assert (here.ran, here.looks) == ([], 0)
    assert "service.start: on sim, as the task before" in ran.out


def test_a_task_named_twice_in_a_chain_runs_twice(sim: Sim) -> None:
    host = SimHost(name="localhost")
    ran = sim("service.stop deploy --version 0.3 service.stop", host)
    assert ran.code == 0
    assert ran.out.count("no service runs") == 2


def test_one_failing_host_does_not_stop_the_others(sim: Sim) -> None:
    good, bad = SimHost(name="one"), SimHost(name="two", reachable=False)
    ran = sim("deploy --version 0.3 -H one,two", good, bad)
    assert ran.code == 4
    assert good.service
    assert all(line.startswith(("one ", "✓", "✗", "ok", "FAILED")) for line in ran.out.splitlines())
    assert "two cannot be reached" in ran.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("host", "code"),
    [
        (running(), 0),
        (SimHost(), 2),
        (running(healthy=lambda container: False), 2),
        (SimHost(engine_why="permission denied"), 3),
        (SimHost(reachable=False), 4),
    ],
)
def test_the_exit_status_tells_healthy_unhealthy_blocked_and_unreachable(sim: Sim, host: SimHost, code: int) -> None:
    assert sim("status -H sim", host).code == code


@pytest.mark.parametrize("version", ["status", "../0.3", "0.3;true", "0,3", "0", "1.2.3.4"])
def test_what_is_no_version_is_refused_before_anything_is_asked(sim: Sim, version: str) -> None:
    host = SimHost()
    ran = sim(f"deploy --version {version} -H sim", host)
    assert (ran.code, host.looks) == (1, 0)
    assert "is not a version" in ran.err


def test_json_of_several_hosts_is_json_lines_and_nothing_else(sim: Sim) -> None:
    ran = sim("status --json -H one,two", running(name="one"), SimHost(name="two"))
    assert ran.code == 2
    assert {json.loads(line)["host"] for line in ran.out.splitlines()} == {"one", "two"}
