"""A lock seen from outside, and freed: `inv lock.status`, `inv lock.release`."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess

import pytest

from ospreyops.change import lock
from tests.sim.answers import FOLDER
from tests.sim.host import SimHost
from tests.worlds import HELD, Sim, free, history, once, running, take


def test_a_task_that_loses_the_lock_does_not_go_on(sim: Sim) -> None:
    host = running()
    released = once(host, lambda: sim("lock.release --yes -H sim", host))
    ran = sim("deploy --version 0.4 -H sim", host)
    assert released[0].code == 0
    assert ran.code == 3
    assert "the lock of sim was lost: somebody released it" in ran.err
    assert len([line for line in host.ran if "kill $_" not in line]) == 1
    assert [entry["outcome"] for entry in history(host)] == ["cut off"]


def test_a_lock_is_released_only_with_yes_and_after_the_evidence(sim: Sim) -> None:
    host = running()
    held = take(host)
    asked = sim("lock.release -H sim", host)
    assert asked.code == 1
    assert f"sim is locked by {HELD}" in asked.err
    assert re.search(r"lock process \d+ alive\n.*last heartbeat \d+ s ago", asked.err)
    assert sim("--dry lock.release -H sim", host).code == 0
    assert sim("--dry lock.release --yes -H sim", host).code == 0
    assert not free(host)
    assert sim("lock.release --yes -H sim", host).code == 0
    assert free(host)
    with pytest.raises(lock.LockLost):
        held.line("never said")


def test_the_lock_is_told_with_its_holder_within_eighty_columns(sim: Sim) -> None:
    host = running()
    held = take(host)
    rows = sim("lock.status -H sim", host).out.splitlines()
    held.end(None)
    assert max(map(len, rows)) <= 80
    told = " ".join(" ".join(rows).split())
    assert f"lock sim is locked by {HELD}" in told and " years ago (2020-01-02 03:04 UTC) lock process" in told


def test_a_free_lock_is_not_released(sim: Sim) -> None:
    host = running()
    sim("service.stop -H sim", host)
    for fresh in (host, SimHost()):
        ran = sim("lock.release -H sim", fresh)
        assert ran.code == 0
        assert "nothing to do: sim is not locked" in ran.out


@pytest.mark.parametrize("holds", [True, False])
def test_a_process_that_does_not_hold_the_lock_is_not_ended(holds: bool) -> None:
    """The lock's file names another process: a reused number, or somebody's mistake."""
    host = SimHost()
    held = take(host)
    file = host.files / ".ospreyops/lock"
    with subprocess.Popen(["sleep", "60"]) as other:
        before = lock.lock_state(host.really(lock.question(FOLDER)))
        assert before and before.holder and before.alive
        if holds:
            file.write_text(file.read_text().replace(str(before.holder.perl), str(other.pid)))
        ended = host.really(lock.ending(FOLDER, other.pid, sudo=False))
        assert ended.err.startswith(f"process {other.pid} does not hold it" if holds else "another holds it now")
        assert other.poll() is None
        other.kill()
    held.end(None)


def test_a_stuck_holder_is_ended_all_the_same(sim: Sim) -> None:
    host = running()
    held = take(host)
    seen = lock.lock_state(host.really(lock.question(FOLDER)))
    assert seen and seen.holder
    os.kill(seen.holder.perl, signal.SIGSTOP)
    assert sim("lock.release --yes -H sim", host).code == 0
    held.end(None)
    assert free(host)


def test_the_lock_shows_who_holds_it_and_that_they_are_alive(sim: Sim) -> None:
    host = SimHost()
    assert "sim is not locked" in sim("lock.status -H sim", host).out
    assert json.loads(sim("lock.status --json -H sim", host).out) == {"host": "sim", "lock": None}
    held = take(host)
    shown = sim("lock.status -H sim", host).out
    assert "sim is locked by jeff@grisman-12" in shown and "alive" in shown
    found = json.loads(sim("lock.status --json -H sim", host).out)["lock"]
    assert (found["holder"]["pid"], found["alive"], found["silent"] < 20) == (4711, True, True)
    held.end(None)


def test_a_holder_that_nobody_can_name_blocks_all_the_same(sim: Sim) -> None:
    host = running()
    held = take(host)
    (host.files / ".ospreyops/lock").write_text("{damaged")
    ran = sim("service.stop -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "sim is locked by somebody" in ran.err
    assert sim("lock.release --yes -H sim", host).code == 3
    held.end(None)
