"""A simulated host below the whole command line: it answers the real lines, and changes as the real ones would.

It knows the lines that the tool sends and no others: an unknown one fails the test.
What the lab contradicts is wrong here.
"""

from __future__ import annotations

import atexit
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Callable, Optional, Union

from ospreyops.console import Console
from ospreyops.errors import Failed, Unreachable
from ospreyops.facts.engine import Container, EngineFacts, EngineRefusal, Image
from ospreyops.remote.command import Answer, Command
from ospreyops.remote.protocol import with_timeout
from ospreyops.remote.streams import LocalStream
from ospreyops.settings import Settings
from ospreyops.tools import docker

ISSUER = "O = Osprey, CN = osprey.service"
ABOUT = "Osprey service running! Supported service versions: "
EPOCH = 1_800_000_000
FOLDER, ARCHIVE = "/home/ops/osprey/service-docker", "/usr/project/dlab/www/donaldlab/software/osprey/releases"


class Killed(BaseException):
    """The tool is ended between two lines, with no chance to tidy up."""


@cache
def kept() -> str:
    """A temporary folder for the ledgers of all simulated hosts of this process."""
    folder = tempfile.mkdtemp(prefix="ospreyops-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@dataclass
class SimHost:
    """The state of a host, and the lines that it has run. fails: a pattern of lines that exit with 1."""

    name: str = "sim"
    machine: str = "native"
    images: dict[str, str] = field(default_factory=dict)
    service: Optional[Container] = None
    others: list[Container] = field(default_factory=list)
    active_port: Optional[int] = 44342
    memory_free: int = 10**10
    taken_ports: tuple[int, ...] = ()
    connections: dict[str, int] = field(default_factory=dict)
    unpacked: set[str] = field(default_factory=set)
    archives: set[str] = field(default_factory=lambda: {"0.3", "0.4"})
    listener: str = ""
    unit: str = ""
    unit_state: str = "inactive"
    ended: Optional[int] = None
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
    ran: list[str] = field(default_factory=list)
    looks: int = 0
    started: int = 0
    now: float = 0.0
    address: str = "192.0.2.7"
    pmset: str = ""
    desired: str = ""
    configured: dict[str, str] = field(default_factory=dict)
    proven: list[str] = field(default_factory=list)
    loading: set[str] = field(default_factory=set)
    jumped: bool = False
    here: bool = False
    console: Optional[Console] = None
    files: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(dir=kept())))

    def ask(self, questions: Mapping[str, Command]) -> dict[str, Answer]:
        """The answers to a look."""
        if not self.reachable:
            raise Unreachable(f"{self.name} cannot be reached: no answer in time")
        if "host" in questions:
            self.looks += 1
            self.on_look()
            self._end_empty()
        return {name: self._answer(name, question.line) for name, question in questions.items()}

    def stream(self, command: Command) -> LocalStream:
        """The real lock, held by the real program, in a folder of this computer."""
        return LocalStream(with_timeout(self._here(command)), b"")

    def really(self, command: Command) -> Answer:
        """What a line that is about the lock or the history comes to in that folder."""
        done = subprocess.run(["sh", "-c", self._here(command).line], capture_output=True, text=True, timeout=30)
        return Answer(done.returncode, done.stdout, done.stderr)

    def _here(self, command: Command) -> Command:
        line = re.sub(r"(~|/home/ops|/Users/\w+)/osprey/service-docker", str(self.files), command.line)
        assert line != command.line, f"the ledger is in the service's folder: {line}"
        return replace(command, line=line)

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
        for pattern, change in CHANGES.items():
            if found := re.search(pattern, command.line):
                return Answer(0, change(self, *found.groups()) or "")
        raise AssertionError(f"the simulated host does not know this line: {command.line}")

    def of_owner(self, settings: Settings) -> SimHost:
        """The same host: it does not tell its users apart."""
        return self

    def start(self, version: str, port: str = "44342") -> None:
        """What the start script comes to."""
        assert self.service is None, "the name is taken"
        assert all(one.port != int(port) for one in self.others), "the port is taken"
        image, self.started = f"osprey/service:{version}", self.started + 1
        self.ended = self.exits
        self.logs.add("osprey-service.log" if port == "44342" else f"osprey-service-{port}.log")
        if self.exits is None:
            ident, since = f"c{self.started}", time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(EPOCH + self.now))
            since = since if self.others else "2026-01-01T00:00:00"
            self.service = Container(ident, image, self.images[image], "running", since, int(port))
            self.listener = "docker-proxy (pid 7)" if port == "44342" else self.listener

    def stop(self, name: str = "osprey-service") -> None:
        """What `docker stop` comes to."""
        gone = next(one for one in self.containers if one.name == name)
        if gone is self.service:
            self.service = None
        else:
            self.others.remove(gone)
        self.ended = 0
        self.listener = self.listener if any(one.port == 44342 for one in self.containers) else ""

    def rename(self, *names: Optional[str]) -> None:
        """What `docker rename` comes to."""
        known = {one.name: one for one in self.containers}
        for old, new in zip(names[::2], names[1::2]):
            if old and new:
                assert new not in known, "the name is taken"
                known[new] = replace(known.pop(old), name=new)
        self.service = known.pop("osprey-service", None)
        self.others = list(known.values())

    def leave(self, old: str, new: str) -> None:
        """What closing a container's proxy comes to: it ends with the last of what goes on in it."""
        self.connections[new] = self.connections.pop(old, 0)
        self.rename(old, new)
        self._end_empty()

    def _end_empty(self) -> None:
        for one in list(self.others):
            if one.draining_since and not one.jobs and not self.connections.get(one.name):
                self.stop(one.name)

    def switch_traffic(self, port: str) -> None:
        """What redirecting new connections comes to."""
        self.active_port = int(port)

    @property
    def containers(self) -> list[Container]:
        """The service's, and those beside it."""
        return [*([self.service] if self.service else []), *self.others]

    def behind(self, port: int) -> Optional[Container]:
        """The container that answers at a port of the host."""
        port = self.active_port or port if port == 44342 else port
        return next((one for one in self.containers if one.running and one.port == port), None)

    def load(self, version: str) -> str:
        """What `docker load` comes to."""
        self.images[f"osprey/service:{version}"] = f"sha256:{version.replace('.', '') * 16}"
        return f"Loaded image: osprey/service:{version}\n"

    def forget(self, name: str) -> None:
        """What `docker image rm` comes to."""
        del self.images[name]

    def engine(self) -> Union[EngineFacts, EngineRefusal]:
        """What the docker SDK would read."""
        if self.engine_why:
            return docker.refusal(self.engine_why)
        images = {name: Image(name, digest, 1, 1, (name[15:],)) for name, digest in self.images.items()}
        return EngineFacts(self.sudo, images, self.service, tuple(self.others))

    def _answer(self, name: str, line: str) -> Answer:
        if name in ("lock", "history"):
            return self.really(Command(line, 10))
        packed = re.search(r"[^/]*\.tar$", line)
        at = re.search(r"https://[^/ ]+?:(\d+)", line)
        behind = self.behind(int(at[1]) if at else 44342)
        version = behind.version if behind else ""
        rows = "\n".join(f"{found}/osprey-service-docker-{found}.tar.bz2" for found in sorted(self.unpacked))
        good = json.dumps({"response": {"name": "Osprey Service", "version": version}})
        said = {
            "host": f"Linux\nops\n/home/ops\n{EPOCH + self.now:.0f}\n",
            "tools": "/usr/bin/docker\n/usr/bin/bzip2\n",
            "disk": "/dev/sda1 100000000 1 90000000 1% /\nwritable\n",
            "unpacked": rows,
            "archives": "\n".join(f" 99 osprey-service-docker-{found}.tar" for found in sorted(self.archives)),
            "unit": self._unit(),
            "listener": f'LISTEN 0 1 *:44342 *:* users:(("{self.listener}",pid=7,fd=4))' if self.listener else "",
            "ended": "" if self.ended is None else str(self.ended),
            "sleep": self.pmset,
            "proven": "\n".join(self.proven),
            "loading": "\n".join(f"loading-{version}" for version in self.loading),
            "desired": json.dumps({"version": self.desired}) if self.desired else "",
            "log": "".join(f"{self.log_size} {log}\n" for log in sorted(self.logs)) + "\nthe last log line\n",
            "room": self._room(),
            "names": f"osprey-service\n{packed[0]}.bz2\n" if packed else "",
            "listing": "-rwxr-xr-x root/root 1 osprey-service\n-rw-r--r-- root/root 1 x.bz2\n",
            "about": f"{ABOUT}v{version}" if behind else "",
            "desktop": f"{good}\n200\n" * 3 + f"0 v{version}\n" if behind and self.healthy(behind) else "",
            "certificate": f"issuer={ISSUER}\nsubject={ISSUER}\nnotAfter=Jan  1 00:00:00 2030 GMT\n",
        }
        for one in self.containers:
            row = f"  1: 0100007F:{one.port or 0:04X} 0100007F:1234 01 0\n" * self.connections.get(one.name, 0)
            said[one.name.replace("-", "_")] = f"  sl  local_address rem_address st\n{row}"
        if name.startswith("osprey_service") and name not in said:
            return Answer(1, "", "cat: /proc/0/net/tcp: No such file or directory")
        return Answer(7 if name == "about" and not behind else 0, said[name])

    def _room(self) -> str:
        """What ROOM prints."""
        rule = f"-A OSPREY -p tcp -m tcp --dport 44342 -j REDIRECT --to-ports {self.active_port}\n"
        active_port = "" if self.active_port is None else "netfilter\n" + (rule if self.active_port != 44342 else "")
        taken = "".join(f"taken {port:04X}\n" for port in self.taken_ports)
        return f"{active_port}memory {self.memory_free // 1024}\n{taken}"

    def _unit(self) -> str:
        if not self.unit:
            return "LoadState=not-found\n"
        path = f"{FOLDER}/{self.unit}"
        return (
            f"LoadState=loaded\nActiveState={self.unit_state}\nFragmentPath=/usr/lib/systemd/system/osprey.service\n"
            f"WorkingDirectory={path}\nExecStart={{ argv[]={path}/osprey-service --version {self.unit} ; }}\n"
        )

    def unit_start(self) -> None:
        """What `systemctl start osprey` comes to."""
        self.unit_state = "active"
        self.start(self.unit)

    def unit_stop(self) -> None:
        """What `systemctl stop osprey` comes to."""
        self.unit_state = "inactive"
        self.stop()

    def mean(self, version: str = "") -> None:
        """What writing down, or forgetting, the version that is wanted comes to."""
        self.desired = version
        self.proven += [version] if version else []

    def use(self, version: str) -> None:
        """What rewriting the unit comes to."""
        self.unit = version


def begin_log_anew(host: SimHost) -> None:
    """What copying and emptying the log comes to."""
    host.log_size = 0


CHANGES: dict[str, Callable[..., Optional[str]]] = {
    r"^umask 022 && .*\"version\": \"([0-9.]+)\".* && mv -f \S+/wanted\.new \S+/wanted$": SimHost.mean,
    r"^rm -f \S+/\.ospreyops/wanted$": SimHost.mean,
    r"^umask 022 && .*\.ospreyops .* : >loading-([0-9.]+); }$": lambda host, version: host.loading.add(version),
    r"^rm -f \S+/\.ospreyops/loading-([0-9.]+)$": lambda host, version: host.loading.discard(version),
    r"^cp \S+\.log \S+\.log\.1 && : >\S+\.log$": begin_log_anew,
    r"osprey-service --version ([0-9.]+) >>": SimHost.start,
    r"osprey-service --version ([0-9.]+) --port (\d+) >>": SimHost.start,
    r"docker stop (osprey-service(?:-left-\d+)?(?:-\d+)?)\b": SimHost.stop,
    r"docker rename (\S+) (\S+) && \{ docker exec \2 sh -c .*kill -TERM \$\(pidof caddy\)": SimHost.leave,
    r"docker rename (\S+) ([^\s']+)(?: && docker rename (\S+) ([^\s']+))?": SimHost.rename,
    r"--to-ports (\d+)": SimHost.switch_traffic,
    r"--ctstate INVALID -j RETURN": lambda host: host.switch_traffic("44342"),
    r"docker image rm (\S+?)'?$": lambda host, name: host.forget(name),
    r"^rm -rf \S+/([0-9.]+)$": lambda host, version: host.unpacked.remove(version),
    r"docker rm osprey-service;": lambda host: setattr(host, "service", None),
    r"osprey-service-docker-([0-9.]+)\.tar\.bz2.*docker load": SimHost.load,
    r"tar -xof .*&& mv \S+ ([0-9.]+)": lambda host, version: host.unpacked.add(version),
    r"mv -f (osprey-service(?:-\d+)?\.log) osprey-service(?:-\d+)?\.log\.1": lambda host, log: host.logs.discard(log),
    r"systemctl start osprey$": SimHost.unit_start,
    r"systemctl stop osprey$": SimHost.unit_stop,
    r"ExecStart=\S+ --version ([0-9.]+)\|": SimHost.use,
}
