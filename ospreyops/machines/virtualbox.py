"""A VM of docker-machine in VirtualBox, as on olympias (field book: docker-machine, 1; vboxmanage, 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Optional

from ..facts import Facts
from ..facts.engine import EngineRefusal
from ..facts.machine import MachineFacts, Process, Rule, State, VmFacts
from ..remote.command import Answer, Command
from ..settings import Settings
from ..tools import docker, docker_machine, guest, iptables, ps, vboxmanage
from . import DIAL_LIMIT, ports_alongside

CALLS = "[V]BoxManage|[d]ocker-machine|[V]BoxHeadless|[V]BoxSVC"
LIMIT = 12


class Machine:
    """Docker in a VM of docker-machine."""

    kind = "virtualbox"

    def __init__(self, settings: Settings) -> None:
        self.vm = Vm(settings)
        self.dial = Command(self.vm.inside(docker.DIAL, "exec "), DIAL_LIMIT)
        self._port = settings.service_port

    def questions(self) -> dict[str, Command]:
        """VBoxManage's view of the VM, the VM's own, docker-machine's files, and the calls that run."""
        room = iptables.question(ports_alongside(self._port))
        return {
            "vm": self.vm.vbox.show(),
            "guest": guest.question(room, self.vm.machine, self.vm.vbox),
            "timesync": self.vm.vbox.show_clock(),
            "store": self.vm.machine.store(),
            "calls": ps.list_processes(CALLS, LIMIT),
        }

    def facts(self, answers: Mapping[str, Answer], refusal: Optional[EngineRefusal]) -> MachineFacts:
        """The VM as the answers show it."""
        info = vboxmanage.info(answers["vm"], self.vm.name)
        usable = info.state is State.RUNNING
        why = (str(refusal) if refusal else None) if usable else info.why
        room = iptables.room(answers["guest"].out, self._port)
        vm = self._vm_facts(answers, info)
        return MachineFacts(self.kind, info.state, why, vm, room.active_port, room.memory_free, room.taken)

    def _vm_facts(self, answers: Mapping[str, Answer], info: vboxmanage.VmInfo) -> VmFacts:
        said, store = guest.guest(answers["guest"]), docker_machine.store(answers["store"])
        absent = info.state is State.ABSENT
        no_disk = not store.settings if absent else info.state is State.STOPPED and not info.has_disk
        calls = tuple(ps.processes(answers["calls"].out))
        named = rf".*\s{re.escape(self.vm.name)}(\s|$)"
        return VmFacts(
            rules=info.rules,
            clock_behind=said.clock_behind,
            disk_free=said.disk_free,
            address=said.address,
            tls=said.tls,
            steps_clock=vboxmanage.steps_clock(answers["timesync"]),
            process=next((call for call in calls if call.runs(f"VBoxHeadless {named}")), None),
            making=next((call for call in calls if call.runs(rf"docker-machine (\S+ )*create {named}")), None),
            calls=calls,
            unfinished=store.empty and no_disk,
            unregistered=store.settings if absent else None,
        )

    def address(self, facts: Facts) -> str:
        """The VM's, on the host-only network: no rule forwards the port of a container that stands alongside."""
        return (facts.machine.vm and facts.machine.vm.address) or ""

    def switch_traffic(self, facts: Facts, port: int) -> Command:
        """In the VM: VirtualBox cannot replace a rule without refusing who connects in between."""
        line = Command(iptables.switch(self._port, port), 60, sudo=True)
        return Command(self.at_engine(str(line)), line.limit)

    def at_engine(self, line: str) -> str:
        """Through docker-machine's own ssh, as the runbook's lines would go."""
        return self.vm.machine.ssh(line).line

    def inside(self, question: Command) -> Command:
        """In the VM."""
        return Command(self.vm.inside(question.line), question.limit)

    def environment(self, facts: Facts) -> str:
        """What `eval "$(docker-machine env)"` sets, without its way of hiding a failure."""
        return self.vm.machine.engine(self.address(facts) or "the-address-of-the-vm") + " "


class Vm:
    """The lines that make, start, stop, mend and forward into the VM."""

    def __init__(self, settings: Settings) -> None:
        self.name, self._port = settings.vm, settings.service_port
        self.machine, self.vbox = docker_machine.DockerMachine(settings), vboxmanage.VBoxManage(settings)

    def create(self) -> Command:
        """Make and start it."""
        return self.machine.create()

    def start(self) -> Command:
        """Start it."""
        return self.machine.start()

    def restore(self) -> Command:
        """Start it from its saved state; one that will not load is discarded, for what it held is lost already."""
        start, saved = self.machine.start().line, f"{self.vbox.show().line} | grep -q '^VMState=.*saved'"
        return Command(f"{start} || {{ {saved} && {self.vbox.discard_state().line} && {start}; }}", 900)

    def restart(self) -> Command:
        """Shut it down and start it."""
        return self.machine.restart()

    def stop(self) -> Command:
        """Shut it down."""
        return self.machine.stop()

    def power_off(self) -> Command:
        """Power it off."""
        return self.vbox.power_off()

    def resume(self) -> Command:
        """Have a paused one run again."""
        return self.vbox.resume()

    def end(self, process: Process) -> Command:
        """Power off one that hangs."""
        return self.vbox.power_off_or_kill(process.pid)

    def start_engine(self) -> Command:
        """Start dockerd in the VM, as the VM does when it boots (field book: docker-machine, 10)."""
        return self.machine.ssh("sudo /etc/init.d/docker status || sudo /etc/init.d/docker start", 60)

    def set_clock(self, behind: float) -> Command:
        """Runbook: `docker-machine ssh … "sudo date -u …"`; relative and to the second, however long ssh takes."""
        return self.machine.ssh(f"sudo date -u -s @$(($(date +%s) + {round(behind)}))", 60)

    def step_clock(self) -> Command:
        """Have its clock set when it drifts again."""
        return self.vbox.step_clock()

    def renew_certificates(self) -> Command:
        """Make new certificates for its engine."""
        return self.machine.renew_certificates()

    def remove(self) -> Command:
        """Remove it."""
        return self.machine.remove()

    def remove_files(self) -> Command:
        """Remove the files of one that is not whole."""
        return self.machine.remove_files()

    def login(self, line: str = "") -> Command:
        """Run a line in it, or a shell."""
        return self.machine.ssh(line)

    def engine(self, address: str) -> str:
        """What a docker command on the host is told."""
        return self.machine.engine(address)

    def service_rule(self) -> Rule:
        """Runbook: the rule `tcp-port44342,tcp,,44342,,44342`."""
        return Rule(f"tcp-port{self._port}", "tcp", "", self._port, "", self._port)

    def forward(self, rule: Rule, *, running: bool) -> Command:
        """Add a rule."""
        return self.vbox.add_rule(rule, running=running)

    def unforward(self, rule: Rule, *, running: bool) -> Command:
        """Delete a rule."""
        return self.vbox.delete_rule(rule, running=running)

    def inside(self, line: str, prefix: str = "") -> str:
        """A line that runs in it, past docker-machine."""
        return guest.inside(line, self.machine, self.vbox, prefix)
