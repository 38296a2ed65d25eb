"""How a change begins and ends: who waits, what is told of it, and who is to be root."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from ospreyops.change.history import sample
from ospreyops.change.hooks import run_post
from ospreyops.change.lock import LockLost
from ospreyops.change.rollout import roll_out
from ospreyops.change.site import Site
from ospreyops.console import Console, Screen
from ospreyops.errors import Blocked, Busy, Failed, OspreyError, Unreachable
from ospreyops.goals.rollout import Rollout
from ospreyops.release import Release
from ospreyops.remote.command import Command
from ospreyops.step import Step
from tests.sim.host import SimHost
from tests.sim.noting import Noting
from tests.sim.site import sim_site, simulated
from tests.worlds import Sim, history, running, take

NOTE = Step("it is to be noted", Command("true", 5), "0.3 is noted")


def begun(host: SimHost) -> Site:
    """The site of a task that has the host's lock."""
    site = simulated(host)
    site.look()
    assert site.change.begin()
    return site


def test_who_does_not_wait_for_a_lock_is_refused_at_once() -> None:
    host = SimHost()
    held = take(host)
    site = simulated(host)
    site.look()
    with pytest.raises(Busy, match="sim is locked by jeff@grisman-12"):
        site.change.begin()
    assert host.now == 0
    held.end(None)


def test_a_history_that_was_written_is_not_said_to_be_lost(sim: Sim) -> None:
    host = running()
    assert "could not be written" not in sim("service.stop -H sim", host).said
    assert len(history(host)) == 1


def fail(site: Site, evidence: str, *steps: Step) -> None:
    """Have the task fail after those steps."""
    with suppress(Failed), site.change.closed():
        for step in steps:
            with site.change.step(step):
                pass
        raise Failed("it did not work", evidence=evidence)


def test_a_task_that_fails_before_its_first_step_leaves_no_line() -> None:
    host = running()
    fail(begun(host), "what was seen")
    assert history(host) == []


@pytest.mark.parametrize("evidence", ["what was seen", ""])
def test_what_was_seen_of_a_failure_is_in_its_line_where_something_was(evidence: str) -> None:
    host = running()
    fail(begun(host), evidence, NOTE)
    (entry,) = history(host)
    assert entry["outcome"] == "failed: it did not work"
    assert entry.get("evidence") == (evidence or None)


def test_a_task_whose_connection_ends_after_a_step_is_in_the_history_as_cut_off() -> None:
    host = running()
    site = begun(host)
    with site.change.step(NOTE):
        pass
    lease = site.change._lease
    assert lease
    lease._stream.finish()
    (entry,) = history(host)
    assert (entry["outcome"], [step["ok"] for step in entry["steps"]]) == ("cut off", [True])


@pytest.mark.parametrize(
    ("connected", "here", "kind"),
    [(False, False, Unreachable), (True, False, Blocked), (False, True, Blocked), (True, True, Blocked)],
)
def test_a_lost_lock_is_a_lost_connection_only_where_there_was_one(connected: bool, here: bool, kind: type) -> None:
    site = simulated(running(name="localhost" if here else "sim"))
    assert type(site.change._lost(LockLost("why", connected=connected))) is kind


@pytest.mark.parametrize("writable", [True, False])
def test_the_watchdogs_line_is_written_as_root_only_where_the_user_may_not_write(writable: bool) -> None:
    host = Noting()
    site = simulated(host)
    facts = site.look()
    sample(site.host, site.console, replace(facts, host=replace(facts.host, writable=writable)), "healed")
    assert host.as_root is not writable
    assert [entry["outcome"] for entry in history(host)] == ["healed"]


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """The maintainer's three programs, each of which adds its name to the file `told`."""
    for name in ("pre_deploy", "post_deploy", "deploy_failed"):
        (tmp_path / name).write_text(f"#!/bin/sh\necho {name} >>{tmp_path}/told\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "told").touch()
    return {name: str(tmp_path / name) for name in ("pre_deploy", "post_deploy", "deploy_failed")}


def rolled_out(host: SimHost, version: str) -> None:
    site, release = simulated(host), Release(version)
    with suppress(OspreyError):
        roll_out(site, release, Rollout(release))
    site.change.end("ok")


@pytest.mark.parametrize(
    ("serves", "version", "fails", "told"),
    [
        (True, "0.3", "$^", []),
        (True, "0.9", "$^", []),
        (False, "0.3", "$^", ["pre_deploy", "post_deploy"]),
        (False, "0.3", "docker load", ["pre_deploy", "deploy_failed"]),
    ],
    ids=["nothing to do", "nothing begun", "done", "failed"],
)
def test_a_maintainers_programs_are_told_once_before_and_after_a_rollout_that_begins(
    programs: dict[str, str], tmp_path: Path, serves: bool, version: str, fails: str, told: list[str]
) -> None:
    host = running(configured=programs) if serves else SimHost(configured=programs, fails=fails)
    rolled_out(host, version)
    assert (tmp_path / "told").read_text().split() == told


@pytest.mark.parametrize(("outcome", "name"), [("ok", "post_deploy"), ("it did not work", "deploy_failed")])
def test_a_maintainers_program_is_named_by_what_it_is_told_of(
    outcome: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$OSPREY_OUTCOME" >{tmp_path}/told\n')
    program.chmod(0o755)
    host = running()
    site = sim_site(host, Console(Screen(), "sim"))
    site.look()
    run_post(site, "", "0.3", outcome)
    assert capsys.readouterr().out == ""
    run_post(site, str(program), "0.3", outcome)
    assert f"{name}: {program}\n" in capsys.readouterr().out
    assert (tmp_path / "told").read_text() == f"{outcome}\n"
