"""VBoxManage: its lines, and its words, mapped once (field book: vboxmanage)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from ..facts.machine import Reply, Rule, State
from ..remote.command import Answer, Command, sh
from ..settings import Settings
from .docker_machine import environment

LIMIT = 12
AGAIN = 60
"""Seconds for a second question: on a busy Mac 20 and more are known."""
STATES = {
    "running": State.RUNNING,
    "paused": State.PAUSED,
    "saved": State.SAVED,
    "aborted-saved": State.ABORTED_SAVED,
    "poweroff": State.STOPPED,
    "aborted": State.STOPPED,
    "gurumeditation": State.BROKEN,
}
"""VBoxManage's words; any other is a state that passes."""
PAUSED = '^VMState="paused"'
"""What showvminfo prints of a VM that takes connections, and answers none."""
THRESHOLD = "/VirtualBox/GuestAdd/VBoxService/--timesync-set-threshold"
"""The property of the drift (ms) from which the guest's clock is set, not slewed (field book: vboxmanage, 8)."""
STEP_FROM = "10000"
DISK = re.compile(r'^"[^"\n]+"="[^"\n]+[.](vmdk|vdi|vhd|hdd|qcow2?|img)"$', re.MULTILINE)
"""An attached disk, as showvminfo lists it (field book: vboxmanage, 3)."""
ABSENT = re.compile("VBOX_E_OBJECT_NOT_FOUND|Could not find a registered machine")
"""The code is the same in all languages; a VBoxManage before 7.0 may say the text alone."""
INACCESSIBLE = '"<inaccessible>"'
LOCKED = "VBOX_E_INVALID_OBJECT_STATE"
"""Somebody holds the VM's lock, often for a second or two (field book: vboxmanage, 4)."""
UNLOADABLE = "VERR_SSM_"
"""A saved state does not load."""
PREFIX = "VBoxManage: error: "
MISSING = {126: "may not be executed", 127: "is not on the PATH: is VirtualBox installed?"}
"""The shell's own exit statuses for a program that it could not run."""


class VBoxManage:
    """The lines of VBoxManage for one VM."""

    def __init__(self, settings: Settings) -> None:
        self.vm, self._told = settings.vm, environment(settings)

    def line(self, template: str, limit: float = LIMIT, **values: str) -> Command:
        """A line of VBoxManage; {vm} is the VM's name."""
        line = sh(template, limit=limit, sudo=False, own="", vm=self.vm, **values).line
        return Command(f"{self._told}VBoxManage {line}", limit)

    def show(self, limit: float = LIMIT) -> Command:
        """All that VirtualBox has of the VM."""
        return self.line("showvminfo {vm} --machinereadable", limit)

    def start(self) -> Command:
        """Start the VM, from its saved state if it has one."""
        return self.line("startvm {vm} --type headless", 300)

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
        """Forget a saved state."""
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
    """What showvminfo tells. why: the state in a clause, or why it is not known; has_disk: a disk is attached."""

    reply: Reply
    state: State
    why: str
    rules: Optional[tuple[Rule, ...]] = None
    has_disk: bool = False


def info(answer: Answer, vm: str) -> VmInfo:
    """What `showvminfo --machinereadable` printed. The state is UNKNOWN where it does not tell one."""
    if ABSENT.search(answer.err):
        return VmInfo(Reply.ANSWERED, State.ABSENT, f"there is no VM {vm} of this user")
    word = re.search(r'^VMState="([^"\n]*)"', answer.out, re.MULTILINE)
    if not word or not answer.ok:
        reply, why = _refusal(answer, vm)
        return VmInfo(reply, State.UNKNOWN, why)
    state = STATES.get(word[1], State.CHANGING)
    disk = bool(DISK.search(answer.out))
    return VmInfo(Reply.ANSWERED, state, f"the VM is {word[1]}", _rules(answer.out), disk)


def _refusal(answer: Answer, vm: str) -> tuple[Reply, str]:
    """How VBoxManage did not tell the state, and why."""
    if answer.late:
        return Reply.LATE, "VBoxManage does not answer"
    if answer.code in MISSING:
        return Reply.MISSING, f"VBoxManage {MISSING[answer.code]}"
    if not answer.ok:
        return Reply.FAILED, f"VBoxManage fails: {_first_line(answer)}"
    if INACCESSIBLE in answer.out:
        return Reply.FAILED, f"VirtualBox cannot read the settings of the VM {vm}"
    return Reply.STRANGE, f"VBoxManage says nothing known: {_first_line(answer)}"


def _first_line(answer: Answer) -> str:
    """Its first words: what follows tells programmers where in VirtualBox it happened."""
    return (answer.said.splitlines() or ["it said nothing"])[0].removeprefix(PREFIX)


def _rules(printed: str) -> tuple[Rule, ...]:
    rows = [fields.split(",") for fields in re.findall(r'^Forwarding\([0-9]+\)="([^"\n]*)"', printed, re.MULTILINE)]
    return tuple(Rule(row[0], row[1], row[2], _port(row[3]), row[4], _port(row[5])) for row in rows if len(row) == 6)


def _port(printed: str) -> int:
    """The port; 0 for none, or for what is no number, as VirtualBox takes it (field book: vboxmanage, 6)."""
    return int(printed) if re.fullmatch("[0-9]{1,5}", printed) else 0


OF_ALL = "list"
"""The subcommand that is about all VMs."""
QUICK = ("list", "showvminfo", "guestproperty", "getextradata")
LENGTHY = (
    "startvm",
    "controlvm",
    "modifyvm",
    "discardstate",
    "unregistervm",
    "createvm",
    "storagectl",
    "storageattach",
)
CHANGING = ("startvm",)
"""Subcommands that ask; those that change a VM; those of them that bring it up."""


def subcommand(words: list[str]) -> tuple[str, list[str]]:
    """The subcommand of a command line, "" where there is none, and what that was told."""
    rest = [word for word in words if word not in ("-q", "--nologo")]
    return (rest[0], rest[1:]) if rest else ("", [])
