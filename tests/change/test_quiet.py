"""A look made before the lock was taken holds only where no other task can have changed the host since."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Callable, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ospreyops.change import lock
from ospreyops.change.change import FRESH
from ospreyops.change.lock import HeldByOther
from ospreyops.change.reach import reach
from ospreyops.change.site import Site
from ospreyops.console import Console, Screen
from ospreyops.errors import Failed
from ospreyops.facts import Facts
from ospreyops.remote.command import Command
from ospreyops.remote.host import Host
from ospreyops.settings import HERE, Settings
from ospreyops.step import Step
from tests.sim.host import SimHost
from tests.sim.site import simulated
from tests.worlds import HOLDER, serving, take, taken

STEP = Step("it is to be done", Command("sleep 3", 5), "the VM is ready", then_look=True)
FILES = ("lock", "line")
AGES = st.none() | st.integers(-1000, 1000)
"""Seconds since a file was changed, by a clock that may have been set back; None where there is no file."""


def looks(host: SimHost, meanwhile: Callable[[Site], object] = bool) -> int:
    """How often a host is looked at until a task begins its first step. meanwhile: what happens as the task decides."""
    site = simulated(host)
    host.looks, host.ran = 0, []

    def decide(facts: Facts) -> list[Step]:
        if not site.change.held:
            meanwhile(site)
        return [] if host.ran else [STEP]

    reach(site, decide)
    site.change.end("ok")
    assert host.ran == ["sleep 3"]
    return host.looks - 1


def another(host: SimHost, seconds: float) -> None:
    """Another task had the lock, and its last line went on, until so many seconds ago."""
    take(host).end(None)
    for name in FILES:
        touch(host.files / ".ospreyops" / name, seconds)


def touch(file: Path, seconds: float) -> None:
    at = time.time() - seconds
    os.utime(file, (at, at))


def test_a_change_that_nobody_disturbs_looks_once_before_its_first_step() -> None:
    host = serving()
    assert looks(host) == 1
    another(host, 3)
    assert looks(host) == 1


def test_a_change_looks_again_where_another_had_the_lock_since_its_look() -> None:
    host = serving()
    assert looks(host, lambda _: take(host).end(None)) == 2


@pytest.mark.parametrize("since", [0, 2, 60])
def test_a_change_looks_again_where_another_left_a_trace_as_it_looked(since: int) -> None:
    """The look is three seconds old."""
    host = serving()

    def meanwhile(site: Site) -> None:
        another(host, since)
        site.sleep(3)

    assert looks(host, meanwhile) == (1 if since == 60 else 2)


@pytest.mark.parametrize("seconds", [FRESH + 1, 3600])
def test_a_change_looks_again_where_its_look_is_old(seconds: float) -> None:
    assert looks(serving(), lambda site: site.sleep(seconds)) == 2


def test_a_change_looks_again_where_this_computer_slept_since_its_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that the tool waits by may stand still meanwhile; the time of day does not."""
    awake = time.time() + 3600
    assert looks(serving(), lambda site: monkeypatch.setattr(time, "time", lambda: awake)) == 2


@settings(max_examples=50, deadline=None)
@given(AGES, AGES)
def test_a_lock_tells_of_the_last_trace_of_another_task_in_any_state(held: Optional[int], over: Optional[int]) -> None:
    host = left(held, over)
    ages = [age for age in (held, over) if age is not None]
    quiet = told(host)
    assert min(ages) - 1.1 <= quiet <= min(ages) + 5 if ages else quiet > 1e9


@settings(max_examples=50, deadline=None)
@given(AGES, st.integers(-1000, 1000))
def test_a_line_whose_end_nobody_saw_is_a_trace_in_any_state(held: Optional[int], over: int) -> None:
    assert told(left(held, over, "1 1 1 1\n{}\nload\n")) <= 0


def told(host: SimHost) -> float:
    """For how many seconds no other task has left a trace, as the host's lock tells who takes it."""
    lease = take(host)
    lease.end(None)
    return lease.quiet


def left(held: Optional[int], over: Optional[int], noted: str = "") -> SimHost:
    """A host whose lock and whose line were last changed so many seconds ago."""
    host = SimHost()
    folder = host.files / ".ospreyops"
    folder.mkdir(mode=0o700)
    for name, age, text in zip(FILES, (held, over), ("", noted)):
        if age is not None:
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
            touch(folder / name, age)
    return host


def test_what_a_killed_line_may_have_left_counts_as_going_on_until_another_line_has_ended(tmp_path: Path) -> None:
    here = Host(Settings(HERE, folder=str(tmp_path)), Console(Screen(), HERE))

    def quiet_after(line: str) -> float:
        for name in FILES:
            touch(tmp_path / ".ospreyops" / name, 1000)
        lease = taken(here, tmp_path)
        quiet, here.guard = lease.quiet, lease.guard
        with suppress(Failed):
            here.run(Command(line, 5))
        lease.end(None)
        here.guard = None
        return quiet

    taken(here, tmp_path).end(None)
    assert quiet_after("kill -9 $$") >= 999
    assert quiet_after("exit 7") < 5
    assert quiet_after("true") >= 999


def test_what_a_line_started_keeps_its_lock_when_the_shell_of_the_line_is_killed(tmp_path: Path) -> None:
    here = Host(Settings(HERE, folder=str(tmp_path)), Console(Screen(), HERE))
    lease = taken(here, tmp_path)
    here.guard = lease.guard
    with pytest.raises(Failed):
        here.run(Command(f"sleep 61 >&- 2>&- & echo $! >{tmp_path}/started; kill -9 $$", 5))
    lease.end(None)
    here.guard = None
    assert isinstance(lock.take(here, str(tmp_path), HOLDER, sudo=False), HeldByOther)
    os.kill(int((tmp_path / "started").read_text()), signal.SIGKILL)
    taken(here, tmp_path).end(None)
