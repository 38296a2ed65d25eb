"""VBoxManage: its lines, and its words, mapped once (field book: vboxmanage)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..facts.machine import Rule, State
from ..remote.command import Answer, Command, sh
from ..settings import Settings
from .docker_machine import environment

LIMIT = 12
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
THRESHOLD = "/VirtualBox/GuestAdd/VBoxService/--timesync-set-threshold"
"""The property of the drift (ms) from which the guest's clock is set, not slewed (field book: vboxmanage, 8)."""
STEP_FROM = "10000"
DISK = re.compile(r'^"[^"]+"="[^"]+[.](vmdk|vdi|vhd|hdd|qcow2?|img)"$', re.MULTILINE)
"""An attached disk, as showvminfo lists it (field book: vboxmanage, 3)."""
UNKNOWN = "Could not find a registered machine"


class VBoxManage:
    """The lines of VBoxManage for one VM."""

    def __init__(self, settings: Settings) -> None:
        self.vm, self._told = settings.vm, environment(settings)

    def line(self, template: str, limit: float = LIMIT, **values: str) -> Command:
        """A line of VBoxManage; {vm} is the VM's name."""
        return sh(f"{self._told}VBoxManage {template}", limit=limit, sudo=False, vm=self.vm, **values)

    def show(self) -> Command:
        """All that VirtualBox has of the VM."""
        return self.line("showvminfo {vm} --machinereadable")

    def show_clock(self) -> Command:
        """Whether the guest's clock will be set or slewed."""
        return self.line(f"guestproperty get {{vm}} {THRESHOLD}")

    def step_clock(self) -> Command:
        """Have the guest's clock set, not slewed for hours, when it drifts; read when the VM starts."""
        return self.line(f"guestproperty set {{vm}} {THRESHOLD} {STEP_FROM}", 30)

    def power_off(self) -> Command:
        """Runbook: `VBoxManage controlvm osprey-service poweroff`."""
        return self.line("controlvm {vm} poweroff", 60)

    def power_off_or_kill(self, pid: int) -> Command:
        """Power a VM that hangs off: through VBoxManage, else by its own process alone."""
        line = f"{self._told}perl -e 'alarm 20; exec @ARGV' VBoxManage controlvm {{vm}} poweroff || kill -9 {pid}"
        return sh(line, limit=60, vm=self.vm)

    def discard_state(self) -> Command:
        """Forget a saved state that does not load."""
        return self.line("discardstate {vm}", 60)

    def resume(self) -> Command:
        """Have a paused VM run again: resumed, or saved where the host's sleep forbids that, or powered off at last.

        A saved VM starts again with all that runs in it (field book: vboxmanage, 5).
        """
        ways = (self.line(f"controlvm {{vm}} {verb}").line for verb in ("resume", "savestate", "poweroff"))
        return Command(" || ".join(ways), 300)

    def add_rule(self, rule: Rule, *, running: bool) -> Command:
        """Runbook: `VBoxManage controlvm "osprey-service" natpf1 …`; a VM that is off takes it through modifyvm."""
        return self.line(f"{_natpf(running=running)} {{rule}}", 30, rule=str(rule))

    def delete_rule(self, rule: Rule, *, running: bool) -> Command:
        """Delete a rule."""
        return self.line(f"{_natpf(running=running)} delete {{rule}}", 30, rule=rule.name)


def _natpf(*, running: bool) -> str:
    return "controlvm {vm} natpf1" if running else "modifyvm {vm} --natpf1"


@dataclass(frozen=True)
class VmInfo:
    """What showvminfo tells. why: the state in a clause; has_disk: a disk is attached."""

    state: State
    why: str
    rules: tuple[Rule, ...] = ()
    has_disk: bool = False


def info(answer: Answer, vm: str) -> VmInfo:
    """What `showvminfo --machinereadable` printed."""
    word = re.search(r'^VMState="([^"]*)"', answer.out, re.MULTILINE)
    if answer.late:
        return VmInfo(State.HUNG, "VBoxManage does not answer")
    if UNKNOWN in answer.err or (answer.ok and not word):
        return VmInfo(State.ABSENT, f"there is no VM {vm} of this user")
    if not word:
        return VmInfo(State.HUNG, answer.said)
    state = STATES.get(word[1], State.CHANGING)
    return VmInfo(state, f"the VM is {word[1]}", _rules(answer.out), bool(DISK.search(answer.out)))


def steps_clock(answer: Answer) -> bool:
    """The guest's clock will be set, not slewed."""
    found = re.fullmatch(r"Value: (\d+)\s*", answer.out)
    return bool(found and found[1] == STEP_FROM)


def _rules(printed: str) -> tuple[Rule, ...]:
    rules = []
    for fields in re.findall(r'^Forwarding\(\d+\)="([^"]*)"', printed, re.MULTILINE):
        name, proto, host_ip, host_port, guest_ip, guest_port = fields.split(",")
        rules.append(Rule(name, proto, host_ip, int(host_port), guest_ip, int(guest_port)))
    return tuple(rules)
