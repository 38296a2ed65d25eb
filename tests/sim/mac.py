"""A simulated Mac with a VM of docker-machine: what tests/sim/host.py knows, in a VM that is on or off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Callable, Union

from ospreyops.errors import Failed
from ospreyops.facts.engine import EngineFacts, EngineRefusal
from ospreyops.remote.command import Answer, Command
from ospreyops.tools import docker
from tests.sim.answers import EPOCH, room
from tests.sim.host import SimHost

ABSENT = "VBoxManage: error: Could not find a registered machine named 'osprey-service'"
HEADLESS = "/Applications/VirtualBox.app/Contents/MacOS/VBoxHeadless"
PID = 77
CLOSED = "curl: (7) Failed to connect to localhost port 44342: Connection refused"
REFUSED = "VBoxManage: error: VM is paused due to host power management"


@dataclass
class SimMac(SimHost):
    """A Mac. vm: VMState of VBoxManage, "" when there is no VM; hung: VBoxManage does not answer.

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
    calls: str = ""
    taken: str = ""
    dead_rule: bool = False
    disk_free: int = 10**11
    store: str = ""

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers to a look, those of the VM among them."""
        of_vm = {"vm": self._vm, "guest": self._guest, "timesync": self._timesync, "calls": self._calls}
        of_vm["store"] = lambda: Answer(0, self.store or ("there\n3000000 disk.vmdk\n" if self.vm else ""))
        found = super().ask({name: question for name, question in questions.items() if name not in of_vm}, sudo=sudo)
        own = {**of_vm, "host": self._host, "listener": self._listener}
        aside = "about" in questions and "//192.168.99.101:" in questions["about"].line
        if not self._listens(into=",44342") and not aside:
            own.update(about=lambda: Answer(7, "", CLOSED), desktop=lambda: Answer(0), certificate=lambda: Answer(1))
        return {**found, **{name: answer() for name, answer in own.items() if name in questions}}

    def engine(self) -> Union[EngineFacts, EngineRefusal]:
        """What the docker SDK would read, when the VM runs."""
        if self.vm != "running" or self.hung:
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
        self.hung = False
        self.power("poweroff")

    def go_on(self) -> None:
        """What a paused VM comes to: resumed, or saved when the Mac's sleep had paused it."""
        if self.hung:
            raise Failed("exit status 1: it did not work")
        self.vm = "saved" if self.by_sleep else "running"

    def end_calls(self, target: str) -> None:
        """What ending a process, or a group of them, comes to; without its server VirtualBox answers again."""
        lines = [line for line in self.calls.splitlines(keepends=True) if f" {target.lstrip('-')} " not in line]
        self.hung = self.hung and not target.isdecimal()
        self.calls = "".join(lines)

    def set_clock(self, seconds: str) -> None:
        """What setting the guest's clock ahead comes to; a TLS that was refused for it is fine again."""
        self.clock_behind -= int(seconds)
        self.tls = "" if "bad certificate" in self.tls else self.tls

    def renew_certificates(self) -> None:
        """What regenerate-certs comes to: dockerd restarts, and a `--rm` container is gone."""
        self.tls = ""
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
        self.vm = "running"

    def restart_vm(self) -> None:
        """What `docker-machine restart` comes to."""
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

    def _vm(self) -> Answer:
        if self.hung:
            return Answer(-1, late=True)
        if not self.vm:
            return Answer(1, "", ABSENT)
        rules = "".join(f'Forwarding({number})="{rule}"\n' for number, rule in enumerate(self.rules))
        disk = "" if self.store else '"SATA-1-0"="/Users/jmartin/disk.vmdk"\n'
        return Answer(0, f'name="osprey-service"\nVMState="{self.vm}"\n{disk}{rules}')

    def _guest(self) -> Answer:
        if self.vm != "running" or self.hung:
            return Answer(255, "", "ssh: Connection refused")
        clock = EPOCH + self.now - self.clock_behind
        disk = f"/dev/sda1 19000000 1000000 {self.disk_free // 1024} 6% /mnt/sda1\n"
        address = "3: eth1 inet 192.168.99.101/24 brd\n"
        now = f"{clock:.0f}\n{EPOCH + self.now:.0f}\n"
        return Answer(1 if self.tls else 0, f"{disk}{address}{room(self)}{now}20.10.24\n", self.tls)

    def _timesync(self) -> Answer:
        return Answer(0, "Value: 10000\n" if self.steps_clock else "No value set!\n")

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
    r"alarm 20; exec @ARGV' VBoxManage controlvm \S+ poweroff \|\| kill -9 \d+$": SimMac.end,
    r"^kill -9 -- (-?\d+)$": SimMac.end_calls,
    r"^pmset -a sleep 0 ": lambda mac: setattr(mac, "pmset", ""),
    r"docker-machine ssh \S+ 'sudo date -u -s .*\+ (-?\d+)": lambda mac, seconds: mac.set_clock(seconds),
    r"guestproperty set \S+ \S+threshold 10000": lambda mac: setattr(mac, "steps_clock", True),
    r"docker-machine ssh \S+ 'sudo /etc/init.d/docker status \|\| sudo /etc/init.d/docker start": SimMac.start_engine,
    r"docker-machine regenerate-certs -f": SimMac.renew_certificates,
    r"docker-machine stop|controlvm \S+ poweroff": lambda mac: mac.power("poweroff"),
    r"docker-machine rm (?:-f )?-y": SimMac.remove_vm,
    r"natpf1 (\w\S+,\S+)": SimMac.add_rule,
    r"natpf1 delete (\S+)": SimMac.delete_rule,
}
