"""The site of a simulated host."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from typing import Any, Optional, Union

from ospreyops.change.change import Change
from ospreyops.change.site import Site
from ospreyops.console import Console, Screen
from ospreyops.facts import Facts
from ospreyops.facts.engine import EngineFacts, EngineRefusal
from ospreyops.facts.service import ProbeResult, Problem, Symptom
from ospreyops.look import Look
from ospreyops.settings import Settings
from ospreyops.step import Step
from ospreyops.target import target
from tests.sim.host import SimHost
from tests.sim.sentence import check


@dataclass
class SimLook(Look):
    """A look at a simulated host: the same questions, another engine, and outside whoever the host says."""

    def read_engine(self, *, root: bool) -> Union[EngineFacts, EngineRefusal]:
        host: Any = self.host
        found: Union[EngineFacts, EngineRefusal] = host.engine()
        return replace(found, sudo=True) if root and isinstance(found, EngineFacts) else found

    def public_url(self) -> Optional[str]:
        return None

    def facts(self) -> Facts:
        """The facts, with what a workstation sees, where the host says who reaches what."""
        host: Any = self.host
        seen = super().facts()
        if host.reaches is None:
            return seen
        behind = host.behind(44342)
        good = behind is not None and host.reaches(behind)
        error = None if good else Problem(Symptom.SILENT.value, Symptom.SILENT)
        about, desktop = (seen.local.about, seen.local.desktop) if good else (None, {})
        return replace(seen, outside=(ProbeResult("https://192.0.2.7:44342", about, error, desktop),))


@dataclass
class SimChange(Change):
    """A change that holds every step of every test to an outcome that stands alone."""

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        check(step.outcome)
        with super().step(step):
            yield


def sim_site(host: SimHost, console: Console, *, dry: bool = False) -> Site:
    """The site of a simulated host; its clock is the host's, and sleeping moves it."""

    def sleep(seconds: float) -> None:
        host.on_sleep()
        host.now += seconds

    def clock() -> float:
        return host.now

    settings = replace(Settings(host.name), machine=host.machine, health_timeout=20, **host.configured)
    any_host: Any = host
    host.console, host.here = console, settings.here
    look = SimLook(any_host, target(settings))
    change = SimChange(any_host, console, clock=clock, sleep=sleep)
    return Site(look.target, any_host, console, look, change, dry, clock, sleep)


def simulated(host: SimHost) -> Site:
    """The site of a simulated host whose screen nobody reads."""
    with redirect_stdout(io.StringIO()):
        return sim_site(host, Console(Screen(), host.name))
