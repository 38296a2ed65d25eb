"""The site of a simulated host."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Optional

from ospreyops.console import Console
from ospreyops.containers import EngineFacts
from ospreyops.machines import machine
from ospreyops.settings import Settings
from ospreyops.site import Site
from tests.simhost import SimHost


@dataclass
class SimSite(Site):
    """A site of a simulated host: the same loop, the same goals, another world."""

    def _engine(self) -> tuple[Optional[EngineFacts], str]:
        host: Any = self.host
        found: tuple[Optional[EngineFacts], str] = host.engine()
        return found

    def public_url(self) -> str:
        return ""


def sim_site(host: SimHost, console: Console, *, dry: bool = False) -> SimSite:
    """The site of a simulated host; its clock is the host's, and sleeping moves it."""

    def sleep(seconds: float) -> None:
        host.now += seconds

    settings = replace(Settings(host.name), machine=host.machine, patience=20, **host.configured)
    any_host: Any = host
    return SimSite(settings, any_host, machine(settings), console, dry, lambda: host.now, sleep)
