"""A VM of docker-machine in VirtualBox, as on olympias (field book: docker-machine, 1; vboxmanage, 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Optional

from ..errors import Blocked
from ..facts import Facts
from ..facts.engine import EngineRefusal
from ..facts.machine import Contact, MachineFacts, Process, Reply, Rule, State, VmFacts
from ..remote.command import Answer, Command, Vain
from ..settings import Settings
from ..step import Action, FirstOf, Remedy, Retried
from ..tools import docker, docker_machine, guest, iptables, ps, vboxmanage
from . import DIAL_LIMIT

PROGRAMS = ("VBoxManage", "docker-machine", "VBoxHeadless", "VBoxSVC")
LIMIT = 12
AGAIN = "again"
"""The mark among the answers that the questions were asked again."""
UNLOCKED = tuple(Remedy(vboxmanage.LOCKED, Command(f"sleep {wait}", LIMIT)) for wait in (0.2, 0.5, 1, 2))


class Machine:
    """Docker in a VM of docker-machine."""

    kind = "virtualbox"
    vain = Vain("vm", vboxmanage.PAUSED)

    def __init__(self, settings: Settings) -> None:
        self.vm = Vm(settings)
        self.dial = Command(self.vm.inside(docker.DIAL, "exec "), DIAL_LIMIT)
        self._port = settings.service_port

    def questions(self) -> dict[str, Command]:
        """VBoxManage's view of the VM, the VM's own, docker-machine's files, and the calls that run.

        No guest property is asked: that takes VirtualBox's lock of a VM that is off, and breaks somebody's start.
        """
        return {
            "vm": self.vm.vbox.show(),
            "guest": replace(self._guest(), vain=self.vain),
            "store": self.vm.machine.store(),
            "calls": ps.list_processes(LIMIT),
        }

    def again(self, answers: Mapping[str, Answer]) -> dict[str, Command]:
        """The same with more patience, where neither VBoxManage nor the VM answered."""
        info, said = self._said(answers)
        if info.reply is not Reply.LATE or said.contact is not Contact.SILENT:
            return {}
        return {"vm": self.vm.vbox.show(vboxmanage.AGAIN), "guest": self._guest(again=True), AGAIN: Command(":", LIMIT)}

    def facts(self, answers: Mapping[str, Answer], refusal: Optional[EngineRefusal]) -> MachineFacts:
        """The VM as the answers show it."""
        info, said = self._said(answers)
        state, why, unasked = info.state, info.why, None
        if info.state is State.UNKNOWN and (said.lives or not refusal):
            state, unasked = State.RUNNING, info.why
        elif info.reply is Reply.LATE and said.contact is Contact.SILENT and AGAIN in answers:
            state, why = State.HUNG, f"{info.why}, and neither does the VM"
        usable = state is State.RUNNING
        room = iptables.room(answers["guest"].out, self._port, loopback=False)
        return MachineFacts(
            self.kind,
            state,
            (str(refusal) if refusal else None) if usable else why,
            self._vm_facts(answers, info, said),
            room.active_port,
            room.memory_free,
            room.taken,
            unasked=unasked,
            routes=room.routes,
        )

    def _said(self, answers: Mapping[str, Answer]) -> tuple[vboxmanage.VmInfo, guest.Guest]:
        """What VirtualBox and the VM said."""
        record = docker_machine.store(answers["store"]).record
        return vboxmanage.info(answers["vm"], self.vm.name), guest.guest(answers["guest"], record)

    def _vm_facts(self, answers: Mapping[str, Answer], info: vboxmanage.VmInfo, said: guest.Guest) -> VmFacts:
        store, calls = docker_machine.store(answers["store"]), ps.processes(answers["calls"].out, PROGRAMS)
        ours = [call for call in calls if self.vm.name in call.words]
        making = next((call for call in ours if _makes(call)), None)
        absent = info.state is State.ABSENT
        no_disk = not store.settings if absent else info.state is State.STOPPED and not info.has_disk
        unfinished = store.empty and no_disk and answers["calls"].ok and not making
        left = store.settings or store.folder
        return VmFacts(
            rules=info.rules,
            clock_behind=said.clock_behind,
            disk_free=said.disk_free,
            address=said.address,
            tls=said.tls,
            process=next((call for call in ours if call.program == "VBoxHeadless"), None),
            making=making,
            calls=calls,
            unfinished=unfinished,
            unregistered=left if absent and not unfinished else None,
            reply=info.reply,
            contact=said.contact,
            record=store.record,
            files=store.folder is not None,
            other_ca=store.other_ca,
        )

    def _guest(self, *, again: bool = False) -> Command:
        return guest.question(iptables.question(firewall=False), self.vm.machine, self.vm.vbox, again=again)

    def changes(self, facts: Facts) -> Optional[Command]:
        """VirtualBox's own files of the VM, and the VM's process."""
        process = facts.machine.vm and facts.machine.vm.process
        return self.vm.machine.changes(process.pid if process else 0)

    def address(self, facts: Facts) -> str:
        """The VM's, on the host-only network: no rule forwards the port of a container that stands alongside."""
        return (facts.machine.vm and facts.machine.vm.address) or ""

    def switch_traffic(self, facts: Facts, port: int) -> Command:
        """In the VM: VirtualBox cannot replace a rule without refusing who connects in between."""
        line = Command(iptables.switch(self._port, port, facts.machine.routes), 60, sudo=True)
        return Command(self.at_engine(str(line)), line.limit)

    def at_engine(self, line: str) -> str:
        """Through docker-machine's own ssh, as the runbook's lines would go."""
        return self.vm.machine.ssh(line).line

    def inside(self, question: Command) -> Command:
        """In the VM."""
        return Command(self.vm.inside(question.line), question.limit)

    def environment(self, facts: Facts) -> str:
        """What `eval "$(docker-machine env)"` sets, without its way of hiding a failure.

        Errors: Blocked while the VM has no address.
        """
        address = self.address(facts)
        if not address:
            name = facts.host.name
            raise Blocked(f"the VM {self.vm.name} has no address on {name}", hint=f"inv fix.address -H {name}")
        return self.vm.machine.engine(address) + " "


def _makes(call: Process) -> bool:
    """The call makes a VM."""
    return call.program == "docker-machine" and docker_machine.subcommand(call.words)[0] == "create"


class Vm:
    """The lines that make, start, stop, mend and forward into the VM."""

    def __init__(self, settings: Settings) -> None:
        self.name, self._port = settings.vm, settings.service_port
        self.machine, self.vbox = docker_machine.DockerMachine(settings), vboxmanage.VBoxManage(settings)

    def create(self) -> Command:
        """Make and start it."""
        return self.machine.create()

    def start(self) -> Action:
        """Start it; again where its SSH port is taken, or somebody held its lock."""
        port = Remedy(docker_machine.PORT_TAKEN, self.machine.forget_port())
        return Retried(self.machine.start(), (port, *UNLOCKED))

    def restore(self, *, aborted: bool) -> Action:
        """Start it from its saved state; one that does not load is discarded, for what it held is lost already.

        aborted: it died while it was restored before; docker-machine does not know that state, and waits in vain.
        """
        lost = Remedy(vboxmanage.UNLOADABLE, self.vbox.discard_state())
        load = Retried(self.vbox.start(), (lost, *UNLOCKED))
        return load if aborted else FirstOf((self.start(), load))

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

    def drop_client_certificate(self) -> Command:
        """Have a new certificate of the client made with them."""
        return self.machine.drop_client_certificate()

    def remove(self) -> Command:
        """Remove it."""
        return self.machine.remove()

    def remove_files(self) -> Command:
        """Remove the files of one that is not whole."""
        return self.machine.remove_files()

    def login(self, line: str = "", *, terminal: bool = False) -> Command:
        """Run a line in it, or a shell."""
        return self.machine.ssh(line, terminal=terminal)

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
