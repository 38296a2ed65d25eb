"""The site of a simulated host."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Optional, Union

from ospreyops.change.change import Change
from ospreyops.change.site import Site
from ospreyops.console import Console
from ospreyops.facts.engine import EngineFacts, EngineRefusal
from ospreyops.look import Look
from ospreyops.settings import Settings
from ospreyops.target import target
from tests.sim.host import SimHost


@dataclass
class SimLook(Look):
    """A look at a simulated host: the same questions, another engine, and nobody outside."""

    def engine(self) -> Union[EngineFacts, EngineRefusal]:
        host: Any = self.host
        found: Union[EngineFacts, EngineRefusal] = host.engine()
        return found

    def public_url(self) -> Optional[str]:
        return None


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
    change = Change(any_host, console, clock=clock, sleep=sleep)
    return Site(look.target, any_host, console, look, change, dry, clock, sleep)
