"""Each task is declared a look or a change, and is what it is declared: so a change never meets all hosts at once."""

from __future__ import annotations

import copy
import functools
from pathlib import Path
from typing import Any, Callable, Union

import pytest

from ospreyops.cli import HostTask
from ospreyops.fleet import Kind
from ospreyops.namespaces import ns
from tests.conftest import simulate
from tests.sim.daemons import Keeps, Linux
from tests.sim.host import SimHost
from tests.sim.mac import SimMac
from tests.worlds import FAULTS, Sim, deployed, running, serving, take, with_fault

OPTIONS = {
    "deploy": "--version 0.4",
    "rollback": "--version 0.4",
    "image.load": "--version 0.4",
    "image.prune": "--keep 1",
    "service.start": "--version 0.3",
    "machine.adopt": "--owner jmartin",
    "machine.ssh": "--command uptime",
    "machine.remove": "--yes",
    "fix.sleep": "--yes",
    "fix.certs": "--yes",
    "fix.address": "--yes",
    "lock.release": "--yes",
}
"""What a task is given to have something to do."""
ADVICE = ("fix.config", "fix.programs", "fix.state")
"""Changes that only say what to do: nobody but a person can do it."""
ELSEWHERE = {
    "host.trust": "changes this computer: tests/runbook/test_host_trust.py",
    "exec": "may change what it likes in a container: tests/runbook/test_inside.py",
    "service.shell": "as exec",
}
"""Changes whose lines are none of a host's, and why."""
FOREIGN = "^tail -n|uptime"
"""Lines that simulated hosts do not know: they are refused there, once it is noted that they came."""
UNTOLD = ("ran", "looks", "now", "console", "files", "here", "fails")
"""What a look may alter of a simulated host: that it was asked."""
TASKS = {name: task for name in ns.task_names if isinstance(task := ns[name], HostTask)}


def named(kind: Kind) -> list[str]:
    return sorted(name for name, task in TASKS.items() if task.kind is kind)


def stopped_mac() -> SimMac:
    mac = serving()
    mac.stop()
    return mac


def locked() -> SimHost:
    host = running()
    host.lease = take(host)  # type: ignore[attr-defined]  # kept alive with its host
    return host


def full() -> SimHost:
    return deployed(simulate, "0.1", "0.2", "0.3")


def watched() -> SimHost:
    host = Linux()
    assert simulate("watch.install -H sim", host).code == 0
    host.ran.clear()
    return host


def clock() -> SimHost:
    return with_fault("clock")


WORLDS: list[Callable[[], SimHost]] = [
    SimHost,
    SimMac,
    running,
    full,
    Linux,
    watched,
    serving,
    stopped_mac,
    locked,
    *(functools.partial(with_fault, name) for name in FAULTS),
]
"""Hosts in states in which each task has something to do in at least one."""


def state(host: SimHost) -> tuple[dict[str, Any], dict[str, Union[str, bytes]]]:
    """All that a change could alter, with the files of what the host remembers."""
    own = {key: copy.deepcopy(value) for key, value in vars(host).items() if key not in UNTOLD and not callable(value)}
    return own, {str(path): path.read_bytes() for path in sorted(Path(host.files).rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", named(Kind.LOOK))
def test_a_look_changes_nothing_and_needs_no_lock(sim: Sim, name: str) -> None:
    for world in (Linux, watched) if name.startswith("watch.") else (SimHost, running, serving, clock):
        host = world()
        host.fails = FOREIGN
        before = state(host)
        sim(f"{name} -H {host.name}", host)
        assert state(host) == before


@pytest.mark.parametrize("name", sorted({*named(Kind.CHANGE)} - {*ADVICE, *ELSEWHERE}))
def test_what_is_declared_a_change_runs_a_line_on_some_host(sim: Sim, name: str) -> None:
    line = f"{name} {OPTIONS.get(name, '')} -H sim"
    for world in WORLDS:
        host = world()
        host.fails = FOREIGN if name == "machine.ssh" else host.fails
        if name.startswith("watch.") and not isinstance(host, Keeps):
            continue
        sim(line, host)
        if host.ran:
            return
    pytest.fail(f"{line} ran nothing anywhere: is it a look?")


def test_a_watch_is_the_only_task_that_never_ends() -> None:
    assert named(Kind.WATCH) == ["watch.run"]


def test_every_task_shows_its_pace_in_its_help(sim: Sim) -> None:
    for name, told in (("deploy", "1"), ("status", "32"), ("watch.run", "all")):
        shown = " ".join(sim(f"--help {name}").out.split())
        assert f"--serial N how many of the hosts at a time (default {told})" in shown
        assert "--keep-going begin on the other hosts though one failed" in shown
