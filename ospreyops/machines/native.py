"""Docker on the host itself: a Linux server, or any local engine (Docker Desktop, Colima)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from ..facts import Facts
from ..facts.engine import EngineRefusal
from ..facts.machine import MachineFacts, State
from ..remote.command import Answer, Command, Vain
from ..settings import Settings
from ..tools import df, docker, iptables
from . import DIAL_LIMIT, Vm

LIMIT = 12


class Machine:
    """Docker on the host itself."""

    kind = "native"
    vm: Optional[Vm] = None
    vain: Optional[Vain] = None

    def __init__(self, settings: Settings) -> None:
        self.dial = Command(docker.dial(), DIAL_LIMIT)
        self._port = settings.service_port

    def questions(self) -> dict[str, Command]:
        """Where new connections end, how much memory is free, which ports are taken, how much disk Docker has."""
        return {"room": Command(f"{iptables.question()}; {docker.root_disk()}", LIMIT)}

    def again(self, answers: Mapping[str, Answer]) -> dict[str, Command]:
        """Nothing."""
        return {}

    def facts(self, answers: Mapping[str, Answer], refusal: Optional[EngineRefusal]) -> MachineFacts:
        """It runs when its engine answers."""
        state = State.STOPPED if refusal else State.RUNNING
        room = iptables.room(answers["room"].out, self._port)
        why, disk = str(refusal) if refusal else None, df.free(answers["room"].out)
        return MachineFacts(
            self.kind,
            state,
            why,
            active_port=room.active_port,
            memory_free=room.memory_free,
            taken=room.taken,
            disk_free=disk,
            routes=room.routes,
        )

    def changes(self, facts: Facts) -> Optional[Command]:
        """Nothing but Docker, which tells by itself."""
        return None

    def address(self, facts: Facts) -> str:
        """The host's own."""
        return "localhost"

    def switch_traffic(self, facts: Facts, port: int) -> Command:
        """On the host, as root."""
        return Command(iptables.switch(self._port, port, facts.machine.routes), 60, sudo=facts.host.user != "root")

    def at_engine(self, line: str) -> str:
        """The line as it is."""
        return line

    def inside(self, question: Command) -> Command:
        """The question as it is."""
        return question

    def environment(self, facts: Facts) -> str:
        """Nothing: the docker command finds the engine by itself."""
        return ""
