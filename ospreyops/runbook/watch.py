"""Runbook, "get OSX to run a proper system daemon without requiring a user to be logged in"."""

from __future__ import annotations

import atexit
import functools
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .. import look
from ..change.reach import reach
from ..change.site import Site
from ..cli import task
from ..daemon import bundle
from ..daemon.install import (
    WatchdogState,
    installation,
    installed,
    questions,
    removed,
    settings_question,
    supervisor,
    watchdog_state,
)
from ..delivery.source import sha256
from ..errors import Unhealthy
from ..facts import Facts
from ..facts.host import HostFacts
from ..fleet import Kind
from ..healing.watch import Watch
from ..outcome import Outcome
from ..settings import number
from ..step import Step
from ..text import ago, iso_utc


@task(help={"every": "seconds between two looks"})
def install(site: Site, every: str = "30") -> Outcome:
    """Install the watchdog: the host heals itself.

    From boot on, with nobody logged in.
    """
    seconds, program = number("--every", every), _program()

    def goal(facts: Facts) -> Iterator[Step]:
        found = _found(site, facts.host)
        return installed(facts.host, site.target, found, installation(facts, site.target, found, seconds, program))

    did = reach(site, goal)
    return site.finished(did, f"watchdog installed on {site.name}, it looks every {seconds} s")


@task
def uninstall(site: Site) -> Outcome:
    """Remove the host's watchdog."""
    did = reach(site, lambda facts: removed(facts.host, _found(site, facts.host)))
    return site.finished(did, f"watchdog not installed on {site.name}")


@task(kind=Kind.LOOK, help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> Outcome:
    """Show the watchdog, and what it said last."""
    asked = site.host.ask(look.place.questions(site.settings))
    host = look.place.settled(site.host, site.target, asked, site.settings.folder, root=False, by_root=False)
    found = _found(site, host)
    current = found.shipped is not None and found.shipped == sha256(_program())
    if json_:
        site.console.data({"host": site.name, **_told(host, found, current=current)})
    elif found.job.file or found.job.loaded:
        with site.console.together:
            _rows(site, host, found, current=current)
    hint = f"inv watch.install -H {site.name}"
    if not found.job.file:
        raise Unhealthy(f"watchdog not installed on {site.name}", hint=hint)
    if not found.job.pid:
        raise Unhealthy(f"the watchdog of {site.name} does not run", hint=hint)
    return site.outcome("the watchdog runs")


def _told(host: HostFacts, found: WatchdogState, *, current: bool) -> dict[str, object]:
    """The watchdog as data."""
    job, every = found.job, re.search(r"--every\D{1,40}([0-9]{1,5})", found.job.file or "")
    return {
        "installed": bool(job.file),
        "running": job.pid is not None,
        "pid": job.pid,
        "since": iso_utc(host.now - job.age) if job.pid else None,
        "ended": job.ended,
        "current": current,
        "every": int(every[1]) if every else None,
        "log": found.log,
    }


def _rows(site: Site, host: HostFacts, found: WatchdogState, *, current: bool) -> None:
    """The watchdog in a status table."""
    job, name = found.job, supervisor(host.system).name
    runs = f"runs (pid {job.pid}), started {ago(host.now - job.age, host.now)}" if job.pid else "does not run"
    ended = f"; the run before ended: {job.ended}" if job.ended else ""
    site.console.row(job.pid is not None, "watchdog", f"{name} {runs}{ended}")
    hint = "is this checkout's" if current else f"is not this checkout's: inv watch.install -H {site.name}"
    site.console.row(True if current else None, "program", f"osprey.pyz {hint}")
    for line in found.log:
        site.console.row(None, "", line)


def _found(site: Site, host: HostFacts) -> WatchdogState:
    asked = {**questions(site.settings, host), **settings_question(host)}
    return watchdog_state(host, site.host.ask(asked, sudo=host.private))


@functools.cache
def _program() -> Path:
    folder = tempfile.mkdtemp(prefix="ospreyops-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return bundle.build(Path(folder) / "osprey.pyz")


@task(kind=Kind.WATCH, default=True, help={"every": "seconds between two looks"})
def run(site: Site, every: str = "30") -> None:
    """Keep a host healthy until Ctrl-C.

    Look, repair what is wrong, rest; and look again when the host wakes up.
    """
    Watch(site, number("--every", every)).forever()
