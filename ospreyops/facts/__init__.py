"""What one look tells of a host: frozen data, nothing else.

None means "could not be asked" or "does not apply", as said where it is declared. Sizes are bytes, times epoch seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .engine import Container, EngineFacts, EngineRefusal
from .host import HostFacts
from .machine import MachineFacts
from .service import ProbeResult, Problem, Symptom, Way


@dataclass(frozen=True)
class Facts:
    """All that one look tells. engine: None when Docker could not be asked; refusal says why.

    local: the service as the host sees it; ways: over its own addresses.
    outside: as the workstation does, over each family of addresses; empty when nobody asks there.
    standby: the container `osprey-service` at a port of its own; None where users reach it already.
    standby_outside: the same, as the workstation sees it at that port; what it cannot reach is left out.
    """

    host: HostFacts
    machine: MachineFacts
    engine: Optional[EngineFacts]
    local: ProbeResult
    outside: tuple[ProbeResult, ...] = ()
    refusal: Optional[EngineRefusal] = None
    standby: Optional[ProbeResult] = None
    ways: tuple[Way, ...] = ()
    standby_outside: tuple[ProbeResult, ...] = ()

    @property
    def sudo(self) -> bool:
        """Only root may reach the engine."""
        return bool(self.engine and self.engine.sudo)

    @property
    def serving(self) -> Optional[Container]:
        """The container that users reach; the one with the service's name where none is behind the active port."""
        if not self.engine:
            return None
        behind = [one for one in self.engine.containers if one.running and one.port == self.machine.active_port]
        return behind[0] if behind and self.machine.active_port else self.engine.service

    @property
    def state(self) -> str:
        """The service in a clause."""
        if not self.engine:
            return f"Docker does not answer: {self.refusal}"
        service = self.serving
        if not service or not service.running:
            return f"no service runs{f': the container is {service.state}' if service else ''}"
        problem = self.problem(service.version)
        return f"{service.image} runs, " + (f"but {problem}" if problem else "healthy")

    def problem(self, version: str) -> Optional[Problem]:
        """Why the service of that version is not healthy; None when every place is content."""
        places = (self.local, *self.outside)
        return next(filter(None, (place.problem(version) for place in places)), self.way_problem)

    @property
    def way_problem(self) -> Optional[Problem]:
        """Which address of the host does not lead to the service, though localhost does; None when all do.

        An IPv6 address counts only where the container's own port answers: else nobody could come there before either.
        """
        for way in self.ways if self.local.about else ():
            offered = way.port == self.machine.active_port and way.alongside == self.local.about
            if way.about != self.local.about and (offered or way.family == "IPv4"):
                return Problem(f"{way.where} does not lead to the service: {way.about or Symptom.SILENT.value}")
        return None
