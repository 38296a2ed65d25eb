"""What one look tells of a host: frozen data, nothing else.

None means "could not be asked" or "does not apply", as said where it is declared. Sizes are bytes, times epoch seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from .engine import Container, EngineFacts, EngineRefusal
from .host import HostFacts
from .machine import MachineFacts
from .service import ProbeResult, Problem


@dataclass(frozen=True)
class Facts:
    """All that one look tells. engine: None when Docker could not be asked; refusal says why.

    local: the service as the host sees it; public: as the workstation does, None when nobody asks there.
    standby: the container `osprey-service` at a port of its own; None where users reach it already.
    """

    host: HostFacts
    machine: MachineFacts
    engine: Optional[EngineFacts]
    local: ProbeResult
    public: Optional[ProbeResult] = None
    refusal: Optional[EngineRefusal] = None
    standby: Optional[ProbeResult] = None

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
        places = [place for place in (self.local, self.public) if place]
        return next(filter(None, (place.problem(version) for place in places)), None)
