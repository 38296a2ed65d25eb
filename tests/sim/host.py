"""A simulated host below the whole command line: it answers the real lines, and changes as the real ones would.

It knows the lines that the tool sends and no others: an unknown one fails the test.
What the lab contradicts is wrong here.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Optional, Union

from ospreyops.console import Console
from ospreyops.errors import Failed, Unreachable
from ospreyops.facts.engine import Container, EngineFacts, EngineRefusal
from ospreyops.remote.command import Answer, Command
from ospreyops.remote.protocol import with_timeout
from ospreyops.remote.streams import LocalStream
from ospreyops.settings import Settings
from ospreyops.tools import docker
from tests.sim.answers import EPOCH, SHOWN, answer
from tests.sim.changes import change
from tests.sim.folders import new_folder
from tests.sim.releases import SimReleases
from tests.sim.sessions import SimSessions

HOMES = r"(~|/home/ops|/Users/\w+)/osprey/service-docker|/var/lib/ospreyops|/srv/osprey"
"""The service's folders on simulated hosts."""


class Killed(BaseException):
    """The tool is ended between two lines, with no chance to tidy up."""


@dataclass
class SimHost(SimReleases):
    """The state of a host, and the lines that it has run. fails: a pattern of lines that exit with 1.

    place: what it says of root's folder; open_to: "root", "own" -> what others may change.
    garbled: what lies in place of the desired release; damaged: file of what it remembers -> what is wrong with it.
    """

    name: str = "sim"
    machine: str = "native"
    service: Optional[Container] = None
    others: list[Container] = field(default_factory=list)
    active_port: Optional[int] = 44342
    leads: str = ""
    memory_free: int = 10**10
    taken_ports: tuple[int, ...] = ()
    connections: dict[str, int] = field(default_factory=dict)
    digest: str = ""
    programs: tuple[str, ...] = ("docker", "curl", "openssl", "ps", "tar", "bzip2", "apt-get")
    archives: set[str] = field(default_factory=lambda: {"0.3", "0.4"})
    listener: str = ""
    unit: str = ""
    unit_state: str = "inactive"
    ended: Optional[int] = None
    tried: str = ""
    drop_ins: str = ""
    folder_free: int = 92_160_000_000
    docker_free: Optional[int] = None
    log_size: int = 20
    logs: set[str] = field(default_factory=lambda: {"osprey-service.log"})
    engine_why: str = ""
    sudo: bool = False
    reachable: bool = True
    healthy: Callable[[Container], bool] = lambda container: True
    exits: Optional[int] = None
    fails: str = "$^"
    before_run: Callable[[str], None] = lambda line: None
    on_look: Callable[[], None] = lambda: None
    on_sleep: Callable[[], None] = lambda: None
    ran: list[str] = field(default_factory=list)
    looks: int = 0
    started: int = 0
    now: float = 0.0
    address: str = "192.0.2.7"
    pmset: str = ""
    desired: str = ""
    garbled: str = ""
    damaged: dict[str, str] = field(default_factory=dict)
    configured: dict[str, Any] = field(default_factory=dict)
    proven: list[str] = field(default_factory=list)
    loading: set[str] = field(default_factory=set)
    failed_logs: set[str] = field(default_factory=set)
    jumped: bool = False
    own_rules: Optional[str] = None
    reaches: Optional[Callable[[Container], bool]] = None
    here: bool = False
    console: Optional[Console] = None
    place: str = ""
    open_to: dict[str, str] = field(default_factory=dict)
    sessions: SimSessions = field(default_factory=SimSessions)
    files: Path = field(default_factory=new_folder)

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers to a look."""
        if not self.reachable:
            raise Unreachable(f"{self.name} cannot be reached: no answer in time")
        if "host" in questions:
            self.looks += 1
            self.on_look()
            self._end_empty()
        return {name: answer(self, name, question.line) for name, question in questions.items()}

    def shown(self) -> Any:
        """What its SSH server shows of itself."""
        return SHOWN

    def permit(self, *, root: bool) -> bool:
        """Sudo wants no password there."""
        return True

    def stream(self, command: Command) -> LocalStream:
        """The real lock, held by the real program, in a folder of this computer. Nobody listens to a simulated host."""
        if "dial" in command.line or '"changed' in command.line:
            raise Failed("nothing tells of what happens here")
        return LocalStream(with_timeout(self._here(command)), b"")

    def really(self, command: Command) -> Answer:
        """What a line that is about the lock or the history comes to in that folder."""
        done = subprocess.run(["sh", "-c", self._here(command).line], capture_output=True, timeout=30)
        return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    def _here(self, command: Command) -> Command:
        line = re.sub(HOMES, str(self.files), command.line)
        assert line != command.line, f"the history is in the service's folder: {line}"
        return replace(command, line=line, own="")

    def run(self, command: Command) -> Answer:
        """Change as the line would change a host."""
        if "history.jsonl" in command.line and "perl" not in command.line:
            return self.really(command)
        self.before_run(command.line)
        self.ran.append(str(command))
        if re.search(self.fails, command.line):
            raise Failed("exit status 1: it did not work")
        if "kill $_" in command.line:
            return self.really(command)
        return Answer(0, change(self, command.line))

    def of_owner(self, settings: Settings) -> SimHost:
        """The same host: it does not tell its users apart."""
        return self

    def start(self, version: str, port: str = "44342") -> None:
        """What the start script comes to."""
        assert self.service is None, "the name is taken"
        assert int(port) not in self.listening, "the port is taken"
        image, self.started = f"osprey/service:{version}", self.started + 1
        self.ended, self.tried = self.exits, version
        self.logs.add("osprey-service.log" if port == "44342" else f"osprey-service-{port}.log")
        if self.exits is None:
            ident, since = f"c{self.started}", time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(EPOCH + self.now))
            since = since if self.others else "2026-01-01T00:00:00"
            self.service = Container(ident, image, self.images[image], "running", since, int(port))
            self.listener = "docker-proxy (pid 7)" if port == "44342" else self.listener

    def stop(self, name: str = "osprey-service") -> None:
        """What `docker stop` comes to."""
        self.remove(name)
        self.ended = 0
        self.listener = self.listener if any(one.port == 44342 for one in self.containers) else ""

    def remove(self, name: str) -> None:
        """What `docker rm` comes to."""
        gone = next(one for one in self.containers if one.name == name)
        if gone is self.service:
            self.service = None
        else:
            self.others.remove(gone)

    def rename(self, *names: Optional[str]) -> None:
        """What `docker rename` comes to."""
        known = {one.name: one for one in self.containers}
        for old, new in zip(names[::2], names[1::2]):
            if old and new:
                assert new not in known, "the name is taken"
                known[new] = replace(known.pop(old), name=new)
        self.service = known.pop("osprey-service", None)
        self.others = list(known.values())

    def drain(self, old: str, new: str) -> None:
        """What closing a container's proxy comes to: it ends with the last of what goes on in it."""
        self.connections[new] = self.connections.pop(old, 0)
        self.rename(old, new)
        self._end_empty()

    def _end_empty(self) -> None:
        for one in list(self.others):
            if one.draining_since and one.running and not one.jobs and not self.connections.get(one.name):
                self.stop(one.name)

    def switch_traffic(self, port: str) -> None:
        """What redirecting new connections comes to."""
        self.active_port = int(port)
        self.leads = self.at(self.active_port) if self.active_port in self.listening else ""

    def at(self, port: int) -> str:
        """A container's own address and port, where a rule of Docker's leads who connects to that port of the host."""
        return f"172.17.{port >> 8}.{port & 255}:{port}"

    @property
    def containers(self) -> list[Container]:
        """The service's, and those alongside."""
        return [*([self.service] if self.service else []), *self.others]

    @property
    def listening(self) -> set[int]:
        """The ports at which Docker listens for a container."""
        return {one.port for one in self.containers if one.port and one.state in ("running", "paused")}

    def behind(self, port: int) -> Optional[Container]:
        """The container that answers at a port of the host."""
        port = self.active_port or port if port == 44342 else port
        return next((one for one in self.containers if one.running and one.port == port), None)

    def engine(self) -> Union[EngineFacts, EngineRefusal]:
        """What the docker SDK would read."""
        if self.engine_why:
            return docker.refusal(self.engine_why)
        others = tuple(self.others)
        found = EngineFacts(self.sudo, self.described(), self.service, others, dict(self.holders), self.architecture)
        return replace(found, own_rules=self.own_rules)

    def start_unit(self) -> None:
        """What `systemctl start osprey` comes to."""
        self.unit_state = "active"
        self.start(self.unit)

    def stop_unit(self) -> None:
        """What `systemctl stop osprey` comes to."""
        self.unit_state = "inactive"
        if self.service:
            self.stop()

    def record(self, version: str = "", digest: str = "") -> None:
        """What recording the desired release, or clearing it, comes to."""
        self.desired, self.digest, self.garbled = version, digest, ""
        self.damaged = {file: wrong for file, wrong in self.damaged.items() if file not in ("wanted", "healthy")}
        self.proven += [f"{version} {digest}".strip()] if version else []
