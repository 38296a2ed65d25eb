"""A simulated Mac with a VM of docker-machine: what tests/sim/host.py knows, in a VM that is on or off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Callable, Optional, Union

from ospreyops.errors import Failed
from ospreyops.facts.engine import EngineFacts, EngineRefusal
from ospreyops.remote.command import Answer, Command
from ospreyops.tools import docker
from tests.sim import vm_answers
from tests.sim.answers import EPOCH
from tests.sim.host import SimHost

HEADLESS = "/Applications/VirtualBox.app/Contents/MacOS/VBoxHeadless"
PID = 77
CLOSED = "curl: (7) Failed to connect to localhost port 44342: Connection refused"
TAKEN = "bind: address already in use"
UNLOADABLE = "VBoxManage: error: Failed to load unit 'cpum' (VERR_SSM_UNEXPECTED_DATA)"
LOCKED = "VBoxManage: error: Details: code VBOX_E_INVALID_OBJECT_STATE (0x80bb0007), component MachineWrap"
REFUSED = "VBoxManage: error: VM is paused due to host power management"


@dataclass
class SimMac(SimHost):
    """A Mac. vm: VMState of VBoxManage, "" when there is no VM; hung: neither VBoxManage nor the VM answers.

    slow: seconds that VBoxManage takes; vbox: what it says instead of all else; ssh_says: what ssh says instead.
    ssh_port, known_address: what docker-machine's config.json has; config: that file can be read.
    other_ca: the client's certificate is not of the CA.
    port_taken: something else listens on ssh_port; locked: so many starts find its lock held.
    unloadable: the saved state is damaged.
    by_sleep: what paused it was the Mac's sleep; calls: what ps shows of VirtualBox and docker-machine.
    store: what a `docker-machine create` that did not end has left.
    taken: who else listens on the service's port, as `nc 9`; dead_rule: the rule was added while it was taken.
    """

    machine: str = "virtualbox"
    vm: str = "running"
    hung: bool = False
    by_sleep: bool = True
    rules: list[str] = field(default_factory=lambda: ["ssh,tcp,127.0.0.1,50022,,22"])
    clock_behind: float = 0
    tls: str = ""
    steps_clock: bool = False
    slow: float = 0
    vbox: Optional[Answer] = None
    ssh_says: str = ""
    ssh_port: int = 50022
    known_address: str = "192.168.99.101"
    addresses: str = "3: eth1    inet 192.168.99.101/24 brd\n"
    config: bool = True
    other_ca: bool = False
    port_taken: bool = False
    locked: int = 0
    unloadable: bool = False
    calls: str = ""
    taken: str = ""
    dead_rule: bool = False
    disk_free: int = 10**11
    store: str = ""
    late: frozenset[str] = frozenset()

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers to a look, those of the VM among them."""
        of_vm: dict[str, Callable[[], Answer]] = {
            "vm": lambda: vm_answers.vboxmanage(self, questions["vm"].limit),
            "guest": lambda: vm_answers.guest(self, questions["guest"].limit),
            "store": lambda: vm_answers.store(self),
            "calls": self._calls,
            "again": lambda: Answer(0),
        }
        found = super().ask({name: question for name, question in questions.items() if name not in of_vm}, sudo=sudo)
        own = {**of_vm, "host": self._host, "listener": self._listener}
        aside = "about" in questions and "//192.168.99.101:" in questions["about"].line
        answers = self.vm == "running" and not self.hung
        if not answers or (not self._listens(into=",44342") and not aside):
            own.update(about=lambda: Answer(7, "", CLOSED), desktop=lambda: Answer(0), certificate=lambda: Answer(1))
        own.update(dict.fromkeys(self.late, lambda: Answer(-1, late=True)))
        return {**found, **{name: answer() for name, answer in own.items() if name in questions}}

    def engine(self) -> Union[EngineFacts, EngineRefusal]:
        """What the docker SDK would read, when the VM runs."""
        if self.vm != "running" or self.hung or self.ssh_says:
            return docker.refusal("ssh: connect to host 127.0.0.1 port 50022: Connection refused")
        return super().engine()

    def run(self, command: Command) -> Answer:
        """Change as the line would change a Mac; what goes into the VM's Docker is changed as on any host."""
        for pattern, change in LINES.items():
            if found := re.search(pattern, command.line):
                self.before_run(command.line)
                self.ran.append(str(command))
                if re.search(self.fails, command.line):
                    raise Failed("exit status 1: it did not work")
                change(self, *found.groups())
                return Answer(0)
        return super().run(command)

    def power(self, state: str) -> None:
        """Change the VM's state; what ran in it is gone when it is off."""
        if self.hung or (state == "saved" and self.vm not in ("running", "paused")):
            raise Failed("exit status 1: it did not work")
        if state == "poweroff":
            self._lose()
            self.active_port = self.active_port and 44342
        self.vm = state

    def end(self) -> None:
        """What a VM that hung comes to: its process is ended, and VBoxManage answers again."""
        self.hung, self.slow = False, 0
        self.power("poweroff")

    def go_on(self) -> None:
        """What a paused VM comes to: resumed, or saved when the Mac's sleep had paused it."""
        if self.hung:
            raise Failed("exit status 1: it did not work")
        self.vm = "saved" if self.by_sleep else "running"

    def end_calls(self, pids: str) -> None:
        """What ending processes comes to; without its server VirtualBox answers again."""
        rows = self.calls.splitlines(keepends=True)
        gone = [row for row in rows if row.split()[0] in pids.split()]
        self.hung = self.hung and not any("VBoxSVC" in row for row in gone)
        self.calls = "".join(row for row in rows if row not in gone)

    def set_clock(self, seconds: str) -> None:
        """What setting the guest's clock ahead comes to; a TLS that was refused for it is fine again."""
        self.clock_behind -= int(seconds)
        self.tls = "" if "bad certificate" in self.tls else self.tls

    def renew_certificates(self) -> None:
        """What regenerate-certs comes to: dockerd restarts, and a `--rm` container is gone."""
        self.tls = self.tls if self.other_ca else ""
        self._lose()

    def start_engine(self) -> None:
        """What starting dockerd comes to: what it finds running, it ends."""
        self.engine_why = ""
        self._lose()

    def _lose(self) -> None:
        """All containers are gone, and with a VM that booted the rules in it."""
        self.service, self.others, self.listener = None, [], ""

    def start_vm(self) -> None:
        """What `docker-machine start` comes to."""
        if self.vm not in ("poweroff", "aborted", "saved"):
            raise Failed(f"exit status 1: {REFUSED if self.vm == 'paused' else 'is already running'}")
        if self.port_taken and self.ssh_port == 50022:
            raise Failed("exit status 1", evidence=f"listen tcp4 127.0.0.1:50022: {TAKEN}")
        self.load_state()
        self.ssh_port = self.ssh_port or 50023

    def load_state(self) -> None:
        """What `VBoxManage startvm` comes to."""
        if self.locked:
            self.locked -= 1
            raise Failed("exit status 1", evidence=LOCKED)
        if self.unloadable and "saved" in self.vm:
            raise Failed("exit status 1", evidence=UNLOADABLE)
        self.vm = "running"

    def restart_vm(self) -> None:
        """What `docker-machine restart` comes to: a VM that is in no state for it is only waited for."""
        if self.vm in ("running", "poweroff", "aborted"):
            self.power("poweroff")
            self.start_vm()

    def create_vm(self, memory: str) -> None:
        """What `docker-machine create` comes to."""
        assert int(memory) > 1024
        if self.store:
            raise Failed('exit status 1: Docker machine "osprey-service" already exists')
        self.vm = "running"

    def remove_vm(self) -> None:
        """What `docker-machine rm` comes to."""
        self.vm = self.store = ""

    def add_rule(self, rule: str) -> None:
        """What VBoxManage does with a rule."""
        if any(known.partition(",")[0] == rule.partition(",")[0] for known in self.rules):
            raise Failed("exit status 1: VBoxManage: error: A NAT rule of this name already exists")
        self.rules.append(rule)

    def delete_rule(self, name: str) -> None:
        """What VBoxManage does to a rule."""
        self.dead_rule = False
        self.rules = [rule for rule in self.rules if rule.partition(",")[0] != name]

    def _host(self) -> Answer:
        return Answer(0, f"Darwin\njmartin\n/Users/jmartin\n{EPOCH + self.now:.0f}\n")

    def _listener(self) -> Answer:
        """The VM's process listens for its rules, whatever runs in the VM."""
        who = self.taken or (f"VBoxHeadl {PID}" if self._listens() else "")
        return Answer(0, f"{who} jmartin 11u IPv4 0x1 0t0 TCP *:44342 (LISTEN)\n" if who else "")

    def _listens(self, into: str = "") -> bool:
        rules = [rule for rule in self.rules if rule.split(",")[3] == "44342" and rule.endswith(into)]
        return bool(rules) and self.powered and not self.dead_rule and not self.taken

    def _calls(self) -> Answer:
        own = f"  {PID}   {PID} 01:00:00 {HEADLESS} --comment osprey-service --startvm x\n" if self.powered else ""
        return Answer(0, own + self.calls)

    @property
    def powered(self) -> bool:
        """The VM has a process."""
        return self.vm in ("running", "paused", "gurumeditation")


LINES: dict[str, Callable[..., object]] = {
    r"controlvm \S+ resume \|\|.*savestate": SimMac.go_on,
    r"docker-machine create .*--virtualbox-memory (\d+)": SimMac.create_vm,
    r"docker-machine restart": SimMac.restart_vm,
    r"docker-machine start": SimMac.start_vm,
    r"VBoxManage startvm \S+ --type headless$": SimMac.load_state,
    r"\"SSHPort\": 0/' config.json >config.json.new && mv -f": lambda mac: setattr(mac, "ssh_port", 0),
    r"VBoxManage discardstate \S+$": lambda mac: mac.power("poweroff"),
    r"^sleep [0-9.]+$": lambda mac: None,
    r"alarm 20; exec @ARGV' VBoxManage controlvm \S+ poweroff \|\| kill -9 \d+$": SimMac.end,
    r"^kill -9 ([\d ]+)$": SimMac.end_calls,
    r"^pmset -a sleep 0 ": lambda mac: setattr(mac, "pmset", ""),
    r"docker-machine ssh \S+ 'sudo date -u -s .*\+ (-?\d+)": lambda mac, seconds: mac.set_clock(seconds),
    r"guestproperty set \S+ \S+threshold 10000": lambda mac: setattr(mac, "steps_clock", True),
    r"docker-machine ssh \S+ 'sudo /etc/init.d/docker status \|\| sudo /etc/init.d/docker start": SimMac.start_engine,
    r"mv -f cert.pem cert.pem.old": lambda mac: setattr(mac, "other_ca", False),
    r"docker-machine regenerate-certs -f": SimMac.renew_certificates,
    r"docker-machine stop|controlvm \S+ poweroff": lambda mac: mac.power("poweroff"),
    r"docker-machine rm (?:-f )?-y": SimMac.remove_vm,
    r"natpf1 (\w\S+,\S+)": SimMac.add_rule,
    r"natpf1 delete (\S+)": SimMac.delete_rule,
}
