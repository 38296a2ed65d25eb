"""A VM of docker-machine in VirtualBox, as on olympias (field book: docker-machine, vboxmanage).

Nothing here relies on `docker-machine ls`, which can hang for ever whatever its --timeout: the state is VBoxManage's,
and the VM itself is asked over the ssh rule that docker-machine made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Optional

from ..command import ETIME, Answer, Command, elapsed, quote, sh
from ..facts import Facts, MachineFacts, Process, Rule, State, VmFacts
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
ASKED = "df -Pk /var/lib/docker | tail -n 1; ip -4 -o addr; ROOM; date +%s"
"""What the VM is asked; the host's clock is read right after the VM's, which the answer ends with."""
THRESHOLD = "/VirtualBox/GuestAdd/VBoxService/--timesync-set-threshold"
"""The property of the drift (ms) from which the guest's clock is set, not slewed (field book: vboxmanage, 8)."""
STEP_FROM = "10000"
DISK = re.compile(r'^"[^"]+"="[^"]+[.](vmdk|vdi|vhd|hdd|qcow2?|img)"$', re.M)
"""A disk that is attached, as showvminfo lists it (field book: vboxmanage, 3)."""
EMPTY = 10_000
"""Kilobytes of a disk in which there is nothing but docker-machine's key."""
CALLS = "[V]BoxManage|[d]ocker-machine|[V]BoxHeadless|[V]BoxSVC"
LIMIT = native.LIMIT


class Machine(native.Machine):
    """Docker in a VM of docker-machine."""

    kind = "virtualbox"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.vm: Vm = Vm(settings)
        self.dial = Command(self.vm.inside("exec docker system dial-stdio", "exec "), DIAL_LIMIT)

    def questions(self) -> dict[str, Command]:
        """VBoxManage's view of the VM, the VM's own, Docker's over TLS as the start script asks it, and what hangs."""
        vm = self.vm
        version = f"{vm.engine('$a')} docker version --format '{{{{.Server.Version}}}}'"
        guest = (
            f'g=$({vm.inside(ASKED.replace("ROOM", self.room()))}); echo "$g"; date +%s;'
            " a=$(echo \"$g\" | sed -n 's|.*inet \\(192[.]168[0-9.]*\\)/.*|\\1|p' | tail -n 1);"
            f' [ -z "$a" ] || {version}'
        )
        return {
            "vm": vm.tool("VBoxManage showvminfo {name} --machinereadable", LIMIT),
            "guest": Command(guest, LIMIT + 4),
            "timesync": vm.tool(f"VBoxManage guestproperty get {{name}} {THRESHOLD}", LIMIT),
            "store": vm.tool(f"cd {vm.folder} && echo there && du -k disk.vmdk; ls $PWD/{{name}}/{{name}}.vbox", LIMIT),
            "calls": Command(f"ps -xww -o pid=,pgid=,etime=,command= | grep -E '{CALLS}'", LIMIT),
        }

    def facts(self, answers: Mapping[str, Answer], now: float, engine_why: str) -> MachineFacts:
        """The VM as the answers show it; now: the host's clock."""
        info = answers["vm"]
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
        guest, store = _Guest(answers["guest"]), _Store(answers["store"])
        absent = state is State.ABSENT
        no_disk = not store.settings if absent else state is State.STOPPED and not DISK.search(info.out)
        sync = re.fullmatch(r"Value: (\d+)\s*", answers["timesync"].out)
        calls = tuple(_processes(answers["calls"].out))
        named = rf".*\s{re.escape(self.vm.name)}(\s|$)"
        return MachineFacts(
            self.kind,
            state,
            why,
            VmFacts(
                rules=_rules(info.out),
                clock_behind=guest.clock_behind,
                disk_free=guest.disk_free,
                address=guest.address,
                tls=guest.tls,
                steps_clock=bool(sync and sync[1] == STEP_FROM),
                process=next((call for call in calls if call.runs(f"VBoxHeadless {named}")), None),
                making=next((call for call in calls if call.runs(rf"docker-machine (\S+ )*create {named}")), None),
                calls=calls,
                unfinished=store.empty and no_disk,
                unregistered=store.settings if absent else "",
            ),
            *self.found(answers["guest"].out),
        )

    def address(self, facts: Facts) -> str:
        """The VM's, on the host-only network: no port is forwarded to a container that stands beside another."""
        return facts.machine.vm.address if facts.machine.vm else ""

    def let_in(self, facts: Facts, port: int) -> Command:
        """In the VM: VirtualBox has no way of replacing a rule without refusing who connects in between."""
        line = replace(super().let_in(facts, port), sudo=True)
        return Command(self.at_engine(str(line)), line.limit)

    def inside(self, question: Command) -> Command:
        """In the VM."""
        return Command(self.vm.inside(question.line), question.limit)

    def at_engine(self, line: str) -> str:
        """Through docker-machine's own ssh, as the runbook's lines would go."""
        return self.vm.tool(f"docker-machine ssh {{name}} {quote(line)}", LIMIT).line

    def environment(self, facts: Facts) -> str:
        """What `eval "$(docker-machine env)"` sets, without its way of hiding a failure."""
        vm = facts.machine.vm
        return self.vm.engine(vm.address if vm and vm.address else "the-address-of-the-vm") + " "


class Vm:
    """The lines that make, start, stop, mend and forward into the VM."""

    def __init__(self, settings: Settings) -> None:
        self.name, self._port, self._settings = settings.vm, settings.service_port, settings

    def tool(self, template: str, limit: float, **values: str) -> Command:
        """A line of docker-machine or VBoxManage, which is told of the store and the registry of the settings."""
        where = {"MACHINE_STORAGE_PATH": self._settings.vm_store, "VBOX_USER_HOME": self._settings.vm_registry}
        told = "".join(f"{key}={quote(value)} " for key, value in where.items() if value)
        return sh(told + template, limit=limit, sudo=False, **{**values, "name": self.name})

    def create(self) -> Command:
        """Runbook: `docker-machine create`; with the memory that Java's -Xmx1g needs, which 1024 MB is not."""
        return self.tool(
            "docker-machine create --driver virtualbox --virtualbox-memory {memory}"
            " --virtualbox-cpu-count {cpus} {name}",
            1800,
            memory=str(self._settings.vm_memory),
            cpus=str(self._settings.vm_cpus),
        )

    def start(self) -> Command:
        """Runbook: `docker-machine start`."""
        return self.tool("docker-machine start {name}", 600)

    def restore(self) -> Command:
        """Start it from its saved state; one that will not load is discarded, for what it held is lost already."""
        start, saved = self.start().line, self.tool("VBoxManage showvminfo {name} --machinereadable", LIMIT).line
        discard = self.tool("VBoxManage discardstate {name}", 60).line
        return Command(f"{start} || {{ {saved} | grep -q '^VMState=.*saved' && {discard} && {start}; }}", 900)

    def restart(self) -> Command:
        """Shut it down and start it, which makes the host-only network again where it is gone."""
        return self.tool("docker-machine restart {name}", 900)

    def stop(self) -> Command:
        """Runbook: `docker-machine stop`; it has no limit of its own when the guest ignores the button."""
        return self.tool("docker-machine stop {name}", 180)

    def kill(self) -> Command:
        """Runbook: `VBoxManage controlvm osprey-service poweroff`."""
        return self.tool("VBoxManage controlvm {name} poweroff", 60)

    def resume(self) -> Command:
        """Bring a paused VM on: resumed, or saved where the host's sleep forbids that, or powered off as a last resort.

        A saved one is started again with all that runs in it (field book: vboxmanage, 5).
        """
        ways = (f"VBoxManage controlvm {{name}} {verb}" for verb in ("resume", "savestate", "poweroff"))
        return Command(" || ".join(self.tool(way, LIMIT).line for way in ways), 300)

    def end(self, process: Process) -> Command:
        """Power off a VM that hangs: through VBoxManage, else its own process alone."""
        poweroff = self.tool("perl -e 'alarm 20; exec @ARGV' VBoxManage controlvm {name} poweroff", 60).line
        return Command(f"{poweroff} || kill -9 {process.pid}", 60)

    def start_engine(self) -> Command:
        """Start dockerd in the VM, as it does itself when it boots (field book: docker-machine, 10)."""
        line = "sudo /etc/init.d/docker status || sudo /etc/init.d/docker start"
        return self.tool("docker-machine ssh {name} {line}", 60, line=line)

    def set_clock(self, behind: float) -> Command:
        """Runbook: `docker-machine ssh … "sudo date -u …"`; relative and to the second, however long ssh takes."""
        date = f"sudo date -u -s @$(($(date +%s) + {round(behind)}))"
        return self.tool("docker-machine ssh {name} {date}", 60, date=date)

    def step_clock(self) -> Command:
        """Have the guest's clock set, not slewed for hours, when it drifts; read when the VM starts."""
        return self.tool(f"VBoxManage guestproperty set {{name}} {THRESHOLD} {STEP_FROM}", 30)

    def renew_certificates(self) -> Command:
        """Runbook: `docker-machine regenerate-certs`; -f, for it asks; restarts dockerd, which ends the service."""
        return self.tool("docker-machine regenerate-certs -f --client-certs {name}", 600)

    def remove(self) -> Command:
        """The VM, its disk and all images in it."""
        return self.tool("docker-machine rm -y {name}", 180)

    def forget(self) -> Command:
        """What a `create` that did not end has left, or the files of a VM that VirtualBox does not know."""
        return self.tool("docker-machine rm -f -y {name}", 180)

    def login(self, line: str = "") -> Command:
        """Runbook: `docker-machine ssh`."""
        return self.tool("docker-machine ssh {name}" + (" {line}" if line else ""), 600, line=line)

    def wanted(self) -> Rule:
        """Runbook: the rule `tcp-port44342,tcp,,44342,,44342`."""
        return Rule(f"tcp-port{self._port}", "tcp", "", self._port, "", self._port)

    def forward(self, rule: Rule, running: bool) -> Command:
        """Runbook: `VBoxManage controlvm "osprey-service" natpf1 …`; a VM that is off takes it through modifyvm."""
        verb = "controlvm {name} natpf1" if running else "modifyvm {name} --natpf1"
        return self.tool(f"VBoxManage {verb} {{rule}}", 30, rule=str(rule))

    def unforward(self, rule: Rule, running: bool) -> Command:
        """Take a rule away."""
        verb = "controlvm {name} natpf1" if running else "modifyvm {name} --natpf1"
        return self.tool(f"VBoxManage {verb} delete {{rule}}", 30, rule=rule.name)

    def inside(self, line: str, how: str = "") -> str:
        """A line that runs in the VM, through the rule that docker-machine made for its own ssh."""
        port = "sed -n 's/^Forwarding([0-9]*)=\"ssh,tcp,[^,]*,\\([0-9]*\\),.*/\\1/p'"
        info = self.tool("VBoxManage showvminfo {name} --machinereadable", LIMIT).line
        key = f"{self.folder}/id_rsa"
        return f"p=$({info} | {port}); {how}ssh {OPTIONS} -i {key} -p ${{p:-1}} docker@127.0.0.1 {quote(line)}"

    def engine(self, address: str) -> str:
        """What a docker command on the host is told, to find the engine in the VM."""
        return f"DOCKER_TLS_VERIFY=1 DOCKER_HOST=tcp://{address}:2376 DOCKER_CERT_PATH={self.folder}"

    @property
    def folder(self) -> str:
        """The machine's folder in docker-machine's store, quoted."""
        store = self._settings.vm_store.rstrip("/") or "~/.docker/machine"
        return quote(f"{store}/machines/{self.name}")


class _Guest:
    """What the VM says of itself; None, or "", for what it could not be asked."""

    def __init__(self, said: Answer) -> None:
        clock = re.search(r"^(\d{9,11})\n(\d{9,11})$", said.out, re.M)
        free = re.search(r"\s\d+\s+\d+\s+(\d+)\s+\d+%", said.out)
        address = re.findall(r"inet (192\.168\.[0-9.]+)/", said.out)
        self.clock_behind = float(clock[2]) - float(clock[1]) if clock else None
        self.disk_free = int(free[1]) * 1024 if free else None
        self.address = address[-1] if address else ""
        refusal = "" if said.ok else (said.said.splitlines() or ["it said nothing"])[-1]
        self.tls: Optional[str] = refusal if self.address else None


class _Store:
    """What docker-machine has of the VM: the VM's settings file, "" without one; empty: and nothing was ever in it."""

    def __init__(self, said: Answer) -> None:
        settings = re.search(r"^/.*[.]vbox$", said.out, re.M)
        disk = re.search(r"^(\d+)\s+disk[.]vmdk$", said.out, re.M)
        self.settings = settings[0] if settings else ""
        self.empty = said.out.startswith("there") and (not disk or int(disk[1]) < EMPTY)


def _rules(info: str) -> tuple[Rule, ...]:
    rules = []
    for fields in re.findall(r'^Forwarding\(\d+\)="([^"]*)"', info, re.M):
        name, proto, host_ip, host_port, guest_ip, guest_port = fields.split(",")
        rules.append(Rule(name, proto, host_ip, int(host_port), guest_ip, int(guest_port)))
    return tuple(rules)


def _processes(listing: str) -> list[Process]:
    """The rows of `ps -o pid=,pgid=,etime=,command=`."""
    rows = re.findall(rf"^\s*(\d+)\s+(\d+)\s+{ETIME}\s+(.*)$", listing, re.M)
    return [Process(int(pid), int(group), elapsed(etime), line) for pid, group, etime, line in rows]
