"""What VBoxSVC keeps for one user: the registered machines, and the host-only networks' DHCP servers."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Union

from .errors import Failure, not_found
from .machine import Machine

FIRST_UID, USERS = 501, 20
FIRST_ADDRESS = 101
ADDRESSES_PER_USER = 20


@dataclass
class Data:
    """Settings files by UUID; DHCP servers by the names of their networks."""

    machines: dict[str, str]
    dhcp: dict[str, dict[str, str]]


class Registry:
    """The folder `VBOX_USER_HOME`, or `Library/VirtualBox` in the user's home."""

    def __init__(self) -> None:
        """Find the folder of the user who calls."""
        default = Path.home() / "Library" / "VirtualBox"
        self.folder = Path(os.environ.get("VBOX_USER_HOME") or default)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "lock").touch()
        except OSError:
            raise Failure(
                f"Failed to initialize COM because the global settings directory '{self.folder}' is not accessible!"
            ) from None
        self._file = self.folder / "VirtualBox.json"

    def hang(self, command: str) -> None:
        """Stand still for ever if a test wants this command, or every one, to hang."""
        with contextlib.suppress(FileNotFoundError):
            commands = (self.folder / "hang").read_text().split()
            while not commands or command in commands:
                signal.pause()

    def misbehave(self) -> None:
        """Be as slow as a test wants, or fail with its words."""
        with contextlib.suppress(FileNotFoundError):
            time.sleep(float((self.folder / "slow").read_text()))
        with contextlib.suppress(FileNotFoundError):
            raise Failure(*(self.folder / "fail").read_text().splitlines())

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Keep others from changing settings meanwhile."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def machines(self) -> list[Union[Machine, str]]:
        """The machines in the order of their registration; of one whose settings cannot be read, the UUID."""
        return [self._open(uuid) for uuid in self._read().machines]

    def machine(self, name: str) -> Machine:
        """The machine of this name or UUID."""
        for machine in self.machines():
            if isinstance(machine, Machine) and name in (machine.name, machine.settings.uuid):
                return machine
        raise not_found(name)

    def inaccessible(self, name: str) -> bool:
        """Whether this is the UUID of a machine whose settings cannot be read."""
        return name in [machine for machine in self.machines() if isinstance(machine, str)]

    def register(self, uuid: str, file: Path) -> None:
        """Add a machine."""
        data = self._read()
        data.machines[uuid] = str(file)
        self._write(data)

    def unregister(self, uuid: str) -> None:
        """Drop a machine."""
        data = self._read()
        del data.machines[uuid]
        self._write(data)

    def free_address(self) -> str:
        """An address of the host-only network that no machine of this user has, in the user's share of it."""
        user = (os.getuid() - FIRST_UID) % USERS if os.getuid() >= FIRST_UID else 0
        first = FIRST_ADDRESS + ADDRESSES_PER_USER * user
        used = {machine.settings.address for machine in self.machines() if isinstance(machine, Machine)}
        addresses = (f"192.168.99.{number}" for number in range(first, first + ADDRESSES_PER_USER))
        return next(address for address in addresses if address not in used)

    @property
    def dhcp(self) -> dict[str, dict[str, str]]:
        """The DHCP servers by their networks' names."""
        return self._read().dhcp

    @dhcp.setter
    def dhcp(self, servers: dict[str, dict[str, str]]) -> None:
        self._write(replace(self._read(), dhcp=servers))

    def refused(self, words: list[str]) -> None:
        """Note a command line that is not in the field book, for the tests to find."""
        with (self.folder / "refused").open("a") as file:
            file.write(json.dumps(words) + "\n")

    def _open(self, uuid: str) -> Union[Machine, str]:
        try:
            return Machine(Path(self._read().machines[uuid]))
        except (OSError, ValueError):
            return uuid

    def _read(self) -> Data:
        try:
            return Data(**json.loads(self._file.read_text()))
        except FileNotFoundError:
            return Data({}, {})

    def _write(self, data: Data) -> None:
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(asdict(data), indent=2) + "\n")
        partial.rename(self._file)
