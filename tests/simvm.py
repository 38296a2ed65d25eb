"""A simulated Mac with a VM of docker-machine: what tests/simhost.py knows, in a VM that is on or off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Callable, Optional

from ospreyops.command import Command
from ospreyops.errors import Failed
from ospreyops.facts import Answer, EngineFacts
from tests.simhost import SimHost

ABSENT = "VBoxManage: error: Could not find a registered machine named 'osprey-service'"
REFUSED = "VBoxManage: error: VM is paused due to host power management"


@dataclass
class SimMac(SimHost):
    """A Mac. vm: VMState of VBoxManage, "" when there is no VM; hung: VBoxManage does not answer."""

    machine: str = "virtualbox"
    vm: str = "running"
    hung: bool = False
    rules: list[str] = field(default_factory=lambda: ["ssh,tcp,127.0.0.1,50022,,22"])
    clock_behind: float = 0

    def ask(self, questions: Mapping[str, Command]) -> dict[str, Answer]:
        """The answers to a look, those of the VM among them."""
        known = {name: question for name, question in questions.items() if name not in ("vm", "guest")}
        found = super().ask(known)
        if "vm" in questions:
            found.update(vm=self._vm(), guest=self._guest())
        return found

    def engine(self) -> tuple[Optional[EngineFacts], str]:
        """What the docker SDK would read, when the VM runs."""
        if self.vm != "running" or self.hung:
            return None, "ssh: connect to host 127.0.0.1 port 50022: Connection refused"
        return super().engine()

    def run(self, command: Command) -> Answer:
        """Change as the line would change a Mac; what goes into the VM's Docker is changed as on any host."""
        for pattern, change in LINES.items():
            if found := re.search(pattern, command.line):
                self.before_run(command.line)
                self.ran.append(str(command))
                change(self, *found.groups())
                return Answer(0)
        return super().run(command)

    def power(self, state: str) -> None:
        """Change the VM's state; what ran in it is gone when it is off."""
        if self.hung or (state == "saved" and self.vm not in ("running", "paused")):
            raise Failed("exit status 1: it did not work")
        if state == "poweroff":
            self.service, self.listener = None, ""
        self.vm = state

    def start_vm(self) -> None:
        """What `docker-machine start` comes to."""
        if self.vm not in ("poweroff", "aborted", "saved"):
            raise Failed(f"exit status 1: {REFUSED if self.vm == 'paused' else 'is already running'}")
        self.vm = "running"

    def create_vm(self, memory: str) -> None:
        """What `docker-machine create` comes to."""
        assert int(memory) > 1024
        self.vm = "running"

    def add_rule(self, rule: str) -> None:
        """What VBoxManage does with a rule."""
        if any(known.partition(",")[0] == rule.partition(",")[0] for known in self.rules):
            raise Failed("exit status 1: VBoxManage: error: A NAT rule of this name already exists")
        self.rules.append(rule)

    def delete_rule(self, name: str) -> None:
        """What VBoxManage does to a rule."""
        self.rules = [rule for rule in self.rules if rule.partition(",")[0] != name]

    def _vm(self) -> Answer:
        if self.hung:
            return Answer(-1, late=True)
        if not self.vm:
            return Answer(1, "", ABSENT)
        rules = "".join(f'Forwarding({number})="{rule}"\n' for number, rule in enumerate(self.rules))
        return Answer(0, f'name="osprey-service"\nVMState="{self.vm}"\n{rules}')

    def _guest(self) -> Answer:
        if self.vm != "running" or self.hung:
            return Answer(255, "", "ssh: Connection refused")
        clock = 1_800_000_000 + self.now - self.clock_behind
        disk = "/dev/sda1 19000000 1000000 18000000 6% /mnt/sda1\n"
        return Answer(0, f"{clock:.0f}\n{disk}3: eth1 inet 192.168.99.101/24 brd\n")


LINES: dict[str, Callable[..., object]] = {
    r"docker-machine create .*--virtualbox-memory (\d+)": SimMac.create_vm,
    r"docker-machine start": SimMac.start_vm,
    r"docker-machine stop|controlvm \S+ poweroff": lambda mac: mac.power("poweroff"),
    r"controlvm \S+ savestate": lambda mac: mac.power("saved"),
    r"docker-machine rm -y": lambda mac: setattr(mac, "vm", ""),
    r"natpf1 (\w\S+,\S+)": SimMac.add_rule,
    r"natpf1 delete (\S+)": SimMac.delete_rule,
}
