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
from ospreyops.facts.engine import EngineFacts, EngineRefusal
from ospreyops.look import Look
from ospreyops.settings import Settings
from ospreyops.step import Step
from ospreyops.target import target
from tests.sim.host import SimHost
from tests.sim.sentence import check


@dataclass
class SimLook(Look):
    """A look at a simulated host: the same questions, another engine, and nobody outside."""

    def engine(self) -> Union[EngineFacts, EngineRefusal]:
        host: Any = self.host
        found: Union[EngineFacts, EngineRefusal] = host.engine()
        return found

    def public_url(self) -> Optional[str]:
        return None


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
