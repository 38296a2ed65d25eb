"""A registered machine: its settings file, its state, and the VM behind it."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .errors import Failure
from .forwards import Rule
from .vm import Hardware, Vm, remove

# What showvminfo calls a state, what error texts call it, and its number in the API.
STATES = {
    "poweroff": ("PoweredOff", 1, "powered off"),
    "saved": ("Saved", 2, "saved"),
    "aborted": ("Aborted", 4, "aborted"),
    "aborted-saved": ("AbortedSaved", 4, "aborted-saved"),
    "running": ("Running", 5, "running"),
    "paused": ("Paused", 6, "paused"),
    "gurumeditation": ("Stuck", 7, "guru meditation"),
    "starting": ("Starting", 10, "starting"),
    "stopping": ("Stopping", 11, "stopping"),
    "saving": ("Saving", 12, "saving"),
    "restoring": ("Restoring", 13, "restoring"),
}
RESTING = ("poweroff", "saved", "aborted", "aborted-saved")


@dataclass
class Settings:
    """What the settings file holds."""

    uuid: str
    name: str
    address: str
    memory: int = 128
    cpus: int = 1
    options: dict[str, str] = field(default_factory=dict)
    macs: tuple[str, str] = ("", "")
    media: dict[str, str] = field(default_factory=dict)
    controllers: list[str] = field(default_factory=list)
    rules: dict[str, list[Rule]] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    folders: dict[str, str] = field(default_factory=dict)


class Machine:
    """The machine of a settings file; files beside it say what a test wants of it."""

    def __init__(self, file: Path) -> None:
        """Read the settings; OSError or ValueError if that cannot be."""
        self.file = file
        values: dict[str, Any] = json.loads(file.read_text())
        values["rules"] = {nic: [Rule(**rule) for rule in rules] for nic, rules in values["rules"].items()}
        values["macs"] = tuple(values["macs"])
        self.settings = Settings(**values)
        self.vm = Vm(file.parent)
        self.forced = file.with_name("state.forced")
        self.host_suspended = file.with_name("suspended-by-host")
        self._transient = file.with_name("state.transient")
        self._seen = file.with_name("state.seen")

    @property
    def name(self) -> str:
        """The machine's name."""
        return self.settings.name

    @property
    def state(self) -> str:
        """The state, as showvminfo spells it; transient ones last as long as the command that makes them."""
        if self.forced.exists():
            return self.forced.read_text().strip()
        with contextlib.suppress(OSError, ValueError):
            state, pid = self._transient.read_text().split()
            if int(pid) != os.getpid() and Path(f"/proc/{pid}").exists():
                return state
        if self.vm.pid():
            status = self.vm.status()
            if status:
                return {"running": "running", "paused": "paused", "prelaunch": "paused"}.get(status, "gurumeditation")
        if self.vm.pidfile.exists():
            return "aborted-saved" if self.vm.saved.exists() else "aborted"
        return "saved" if self.vm.saved.exists() else "poweroff"

    def seen(self, state: str) -> float:
        """Since when the machine has been seen in this state."""
        with contextlib.suppress(OSError, ValueError):
            before, since = self._seen.read_text().split()
            if before == state:
                return float(since)
        now = time.time()
        self._seen.write_text(f"{state} {now}")
        return now

    @property
    def hardware(self) -> Hardware:
        """What QEMU is to make."""
        settings = self.settings
        disks = [Path(medium) for medium in settings.media.values() if not medium.endswith(".iso")]
        keys = disks[0] if disks else None
        hostonly = settings.options.get("nic2") == "hostonly"
        return Hardware(settings.name, settings.memory, settings.macs, hostonly, settings.address, keys)

    @property
    def listeners(self) -> list[str]:
        """The NAT rules for QEMU."""
        return [rule.monitor for rule in self.settings.rules.get("1", [])]

    @classmethod
    def create(cls, file: Path, settings: Settings) -> Machine:
        """Write a new settings file."""
        _write(file, settings)
        return cls(file)

    def save(self) -> None:
        """Write the settings."""
        _write(self.file, self.settings)

    @contextlib.contextmanager
    def becoming(self, state: str) -> Iterator[None]:
        """Let others see this state meanwhile."""
        self._transient.write_text(f"{state} {os.getpid()}")
        try:
            yield
        finally:
            self._transient.unlink()

    def forget(self) -> None:
        """Drop what a test wanted, as a machine does that has been powered off."""
        remove(self.forced)
        remove(self.host_suspended)

    def must_run(self) -> str:
        """The state; a Failure if the machine has no process."""
        state = self.state
        if state in RESTING:
            raise Failure(f"Machine '{self.name}' is not currently running.")
        return state


def _write(file: Path, settings: Settings) -> None:
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(settings), indent=2) + "\n")
    partial.rename(file)
