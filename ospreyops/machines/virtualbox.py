"""A VM of docker-machine in VirtualBox, as on olympias (field book: docker-machine, vboxmanage).

Nothing here relies on `docker-machine ls`, which can hang for ever whatever its --timeout: the state is VBoxManage's,
and the VM itself is asked over the ssh rule that docker-machine made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..command import Command, quote, sh
from ..facts import Answer, Facts, MachineFacts, Rule, State, VmFacts
from ..settings import Settings
from . import DIAL_LIMIT, native

STATES = {
    "running": State.RUNNING,
    "paused": State.PAUSED,
    "saved": State.SAVED,
    "aborted-saved": State.SAVED,
    "poweroff": State.STOPPED,
    "aborted": State.STOPPED,
    "gurumeditation": State.BROKEN,
}
"""VBoxManage's words; any other is a state that passes."""
OPTIONS = (
    "-F /dev/null -o ConnectTimeout=5 -o ControlPath=none -o LogLevel=ERROR -o PasswordAuthentication=no"
    " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes -o ServerAliveInterval=10"
)
ASKED = "date +%s; df -Pk /var/lib/docker | tail -n 1; ip -4 -o addr"
LIMIT = 12


class Machine(native.Machine):
    """Docker in a VM of docker-machine."""

    kind = "virtualbox"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.vm = Vm(settings)
        self.dial = Command(self.vm.inside("exec docker system dial-stdio", "exec "), DIAL_LIMIT)

    def questions(self) -> dict[str, Command]:
        """VBoxManage's view of the VM, and one question to the VM."""
        name = self.settings.vm
        return {
            "vm": sh("VBoxManage showvminfo {name} --machinereadable", name=name, limit=LIMIT),
            "guest": sh(Vm(self.settings).inside(ASKED), limit=LIMIT),
        }

    def facts(self, answers: Mapping[str, Answer], now: float, engine_why: str) -> MachineFacts:
        """The VM as the answers show it; now: the host's clock."""
        info, guest = answers["vm"], answers["guest"]
        word = re.search(r'^VMState="([^"]*)"', info.out, re.M)
        if info.late:
            state, why = State.HUNG, "VBoxManage does not answer"
        elif "Could not find a registered machine" in info.err or (info.ok and not word):
            state, why = State.ABSENT, f"there is no VM {self.settings.vm} of this user"
        elif not word:
            state, why = State.HUNG, info.said
        else:
            state = STATES.get(word[1], State.CHANGING)
            why = engine_why if state is State.RUNNING else f"the VM is {word[1]}"
        return MachineFacts(self.kind, state, why, _vm_facts(info.out, guest, now))

    def at_engine(self, line: str) -> str:
        """Through docker-machine's own ssh, as the runbook's lines would go."""
        return f"docker-machine ssh {quote(self.settings.vm)} {quote(line)}"

    def environment(self, facts: Facts) -> str:
        """What `eval "$(docker-machine env)"` sets, without its way of hiding a failure."""
        vm = facts.machine.vm
        address = vm.address if vm and vm.address else "the-address-of-the-vm"
        where = f"DOCKER_HOST=tcp://{address}:2376 DOCKER_CERT_PATH={_folder(self.settings.vm)}"
        return f"DOCKER_TLS_VERIFY=1 {where} "


class Vm:
    """The lines that make, start, stop and forward into the VM."""

    def __init__(self, settings: Settings) -> None:
        self.name, self._port, self._settings = settings.vm, settings.service_port, settings

    def create(self) -> Command:
        """Runbook: `docker-machine create`; with the memory that Java's -Xmx1g needs, which 1024 MB is not."""
        return sh(
            "docker-machine create --driver virtualbox --virtualbox-memory {memory}"
            " --virtualbox-cpu-count {cpus} {name}",
            memory=self._settings.vm_memory,
            cpus=self._settings.vm_cpus,
            name=self.name,
            limit=1800,
        )

    def start(self) -> Command:
        """Runbook: `docker-machine start`."""
        return sh("docker-machine start {name}", name=self.name, limit=600)

    def stop(self) -> Command:
        """Runbook: `docker-machine stop`; it has no limit of its own when the guest ignores the button."""
        return sh("docker-machine stop {name}", name=self.name, limit=180)

    def kill(self) -> Command:
        """Runbook: `VBoxManage controlvm osprey-service poweroff`."""
        return sh("VBoxManage controlvm {name} poweroff", name=self.name, limit=60)

    def save(self) -> Command:
        """What brings a VM on that the host's sleep has paused: its processes live on (field book: vboxmanage, 5)."""
        return sh("VBoxManage controlvm {name} savestate", name=self.name, limit=300)

    def remove(self) -> Command:
        """The VM, its disk and all images in it."""
        return sh("docker-machine rm -y {name}", name=self.name, limit=180)

    def wanted(self) -> Rule:
        """Runbook: the rule `tcp-port44342,tcp,,44342,,44342`."""
        return Rule(f"tcp-port{self._port}", "tcp", "", self._port, "", self._port)

    def forward(self, rule: Rule, running: bool) -> Command:
        """Runbook: `VBoxManage controlvm "osprey-service" natpf1 …`; a VM that is off takes it through modifyvm."""
        verb = "controlvm {name} natpf1" if running else "modifyvm {name} --natpf1"
        return sh(f"VBoxManage {verb} {{rule}}", name=self.name, rule=str(rule), limit=30)

    def unforward(self, rule: Rule, running: bool) -> Command:
        """Take a rule away."""
        verb = "controlvm {name} natpf1" if running else "modifyvm {name} --natpf1"
        return sh(f"VBoxManage {verb} delete {{rule}}", name=self.name, rule=rule.name, limit=30)

    def inside(self, line: str, how: str = "") -> str:
        """A line that runs in the VM, through the rule that docker-machine made for its own ssh."""
        port = "sed -n 's/^Forwarding([0-9]*)=\"ssh,tcp,[^,]*,\\([0-9]*\\),.*/\\1/p'"
        info = f"VBoxManage showvminfo {quote(self.name)} --machinereadable"
        key = f"{_folder(self.name)}/id_rsa"
        return f"p=$({info} | {port}); {how}ssh {OPTIONS} -i {key} -p ${{p:-1}} docker@127.0.0.1 {quote(line)}"


def _folder(name: str) -> str:
    return quote(f"~/.docker/machine/machines/{name}")


def _vm_facts(info: str, guest: Answer, now: float) -> VmFacts:
    """The VM's rules, and what it says of itself; clock_behind is None when it cannot be asked."""
    rules = []
    for fields in re.findall(r'^Forwarding\(\d+\)="([^"]*)"', info, re.M):
        name, proto, host_ip, host_port, guest_ip, guest_port = fields.split(",")
        rules.append(Rule(name, proto, host_ip, int(host_port), guest_ip, int(guest_port)))
    clock = re.match(r"\d{9,11}$", guest.out.partition("\n")[0])
    free = re.search(r"\s\d+\s+\d+\s+(\d+)\s+\d+%", guest.out)
    address = re.search(r"inet (192\.168\.[0-9.]+)/", guest.out)
    return VmFacts(
        rules=tuple(rules),
        clock_behind=now - float(clock[0]) if clock else None,
        disk_free=int(free[1]) * 1024 if free else None,
        address=address[1] if address else "",
    )
