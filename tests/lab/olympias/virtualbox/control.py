"""startvm, controlvm and discardstate."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from typing import Callable

from . import forwards
from .errors import Failure, Syntax, locked_by_session, refusal, wrong_state
from .machine import RESTING, STATES, Machine
from .options import named, options, progress
from .qmp import QmpError
from .registry import Registry
from .vm import remove

FILE = "VBoxManageControlVM.cpp"
HOST_SUSPENDED = "VM is paused due to host power management"


def startvm(registry: Registry, words: list[str]) -> None:
    """Start a machine, or end one that hangs."""
    name, rest = named(words)
    kind = options(rest, {"type": "gui|headless|sdl|separate|emergencystop"}).get("type", "gui")
    machine = registry.machine(name)
    if kind == "emergencystop":
        machine.vm.kill()
        machine.forget()
        return
    state = machine.state
    if state not in RESTING or lingers(registry, machine):
        raise locked_by_session(machine.name)
    print(f'Waiting for VM "{machine.name}" to power on...')
    sys.stdout.flush()
    saved = machine.vm.saved.exists()
    with machine.becoming("restoring" if saved else "starting"):
        machine.forget()
        try:
            start = machine.vm.restore if saved else machine.vm.boot
            start(machine.hardware, machine.listeners)
        except QmpError as error:
            context = '"LaunchVMProcess" at line 727 of file VBoxManageMisc.cpp'
            raise refusal(str(error), "NS_ERROR_FAILURE", "IMachine", context) from None
    machine.seen("running")
    print(f'VM "{machine.name}" has been successfully started.')


def controlvm(registry: Registry, words: list[str]) -> None:
    """Do something to a machine that has a process."""
    name, rest = named(words)
    machine = registry.machine(name)
    verb, arguments = (rest[0], rest[1:]) if rest else ("", [])
    nic = re.fullmatch(r"natpf([1-8])", verb)
    if not nic and verb not in VERBS:
        raise Syntax(f"Invalid parameter '{verb}'" if verb else "Not enough parameters")
    if arguments and not nic and verb != "resume":
        raise Syntax(f"Invalid parameter '{arguments[0]}'")
    state = machine.must_run()
    if nic:
        natpf(registry, machine, int(nic[1]), arguments, FILE)
    else:
        VERBS[verb](registry, machine, state)


def discardstate(registry: Registry, words: list[str]) -> None:
    """Forget the saved state."""
    name, rest = named(words)
    options(rest, {})
    machine = registry.machine(name)
    state = machine.state
    if state not in ("saved", "aborted-saved"):
        text = f"Cannot discard the machine state as the machine is not saved (machine state: {STATES[state][0]})"
        context = '"DiscardSavedState(true)" at line 356 of file VBoxManageMisc.cpp'
        raise refusal(text, "VBOX_E_INVALID_VM_STATE", "IMachine", context)
    remove(machine.vm.saved)
    remove(machine.vm.pidfile)
    machine.forget()


def natpf(registry: Registry, machine: Machine, nic: int, arguments: list[str], file: str) -> None:
    """Add or delete a rule, in the settings and, without asking whether that worked, in the process."""
    rules = machine.settings.rules.get(str(nic), [])
    if arguments[:1] == ["delete"] and len(arguments) == 2:
        rules, gone = forwards.delete(rules, arguments[1], file)
        line = f"hostfwd_remove nat {gone.monitor_listener}"
    elif len(arguments) == 1 and arguments != ["delete"]:
        rule = forwards.parse(arguments[0], nic)
        rules = forwards.add(rules, rule, file)
        line = f"hostfwd_add nat {rule.monitor}"
    else:
        raise Syntax(f"Missing or invalid argument to 'natpf{nic}'.")
    machine.settings.rules[str(nic)] = rules
    with registry.changing():
        machine.save()
    if nic == 1 and machine.vm.pid():
        with contextlib.suppress(QmpError, OSError), machine.vm.qmp() as qmp:
            qmp.monitor(line)


def lingers(registry: Registry, machine: Machine) -> bool:
    """Whether the lock of a machine that was powered off is still held, for as many seconds as a test wants."""
    with contextlib.suppress(OSError):
        seconds = float((registry.folder / "linger").read_text())
        return time.time() - machine.file.with_name("unlocked").stat().st_mtime < seconds
    return False


def _poweroff(registry: Registry, machine: Machine, state: str) -> None:
    if state not in ("running", "paused", "gurumeditation"):
        text = f"Invalid machine state: {STATES[state][0]} (must be Running, Paused or Stuck)"
        raise wrong_state(text, "PowerDown(progress.asOutParam())", 269)
    with machine.becoming("stopping"), contextlib.suppress(QmpError):
        machine.vm.stop()
    machine.forget()
    machine.file.with_name("unlocked").touch()
    progress()


def _acpipowerbutton(registry: Registry, machine: Machine, state: str) -> None:
    if state != "running":
        raise wrong_state(f"Invalid machine state: {STATES[state][0]}", "PowerButton()", 438)
    with machine.vm.qmp() as qmp:
        qmp("system_powerdown")


def _pause(registry: Registry, machine: Machine, state: str) -> None:
    if state != "running":
        text = "Already paused" if state == "paused" else f"Invalid machine state: {STATES[state][0]}"
        raise wrong_state(text, "Pause()", 400)
    machine.vm.turn("stop", "SUSPENDED")


def _resume(registry: Registry, machine: Machine, state: str) -> None:
    if state != "paused":
        text = f"Cannot resume the machine as it is not paused (machine state: {STATES[state][0]})"
        raise wrong_state(text, "Resume()")
    if machine.host_suspended.exists():
        raise wrong_state(HOST_SUSPENDED, "Resume()")
    machine.vm.turn("cont", "RUNNING")


def _reset(registry: Registry, machine: Machine, state: str) -> None:
    if state not in ("running", "gurumeditation"):
        raise wrong_state(f"Invalid machine state: {STATES[state][0]}", "Reset()", 420)
    machine.forget()
    with machine.vm.qmp() as qmp:
        qmp("system_reset")
        qmp("cont")


def _savestate(registry: Registry, machine: Machine, state: str) -> None:
    if state not in ("running", "paused"):
        raise Failure(f"Machine in invalid state {STATES[state][1]} -- {STATES[state][2]}.")
    with machine.becoming("saving"):
        machine.vm.save()
    machine.forget()
    progress()


VERBS: dict[str, Callable[[Registry, Machine, str], None]] = {
    "poweroff": _poweroff,
    "acpipowerbutton": _acpipowerbutton,
    "pause": _pause,
    "resume": _resume,
    "reset": _reset,
    "savestate": _savestate,
}
