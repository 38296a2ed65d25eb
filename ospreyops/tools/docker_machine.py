"""docker-machine: its lines, and what it keeps of a VM (field book: docker-machine).

Nothing here asks `docker-machine ls`, which can hang for ever whatever its --timeout (decision: VBoxManage).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from ..remote.command import Answer, Command, quote, sh
from ..settings import Settings

LIMIT = 12
EMPTY = 10_000
"""Kilobytes of a disk that holds nothing but docker-machine's key."""


def environment(settings: Settings) -> str:
    """What docker-machine and VBoxManage are told of the settings' store and registry, before their names."""
    where = {"MACHINE_STORAGE_PATH": settings.vm_store, "VBOX_USER_HOME": settings.vm_registry}
    return "".join(f"{key}={quote(value)} " for key, value in where.items() if value)


class DockerMachine:
    """The lines of docker-machine for one VM."""

    def __init__(self, settings: Settings) -> None:
        self.vm, self._settings, self._told = settings.vm, settings, environment(settings)

    def line(self, template: str, limit: float, **values: str) -> Command:
        """A line of docker-machine; {vm} is the VM's name."""
        return sh(f"{self._told}docker-machine {template}", limit=limit, sudo=False, vm=self.vm, **values)

    def create(self) -> Command:
        """Runbook: `docker-machine create`; with the memory that Java's -Xmx1g needs, which 1024 MB is not."""
        memory, cpus = str(self._settings.vm_memory), str(self._settings.vm_cpus)
        options = "--driver virtualbox --virtualbox-memory {memory} --virtualbox-cpu-count {cpus}"
        return self.line(f"create {options} {{vm}}", 1800, memory=memory, cpus=cpus)

    def start(self) -> Command:
        """Runbook: `docker-machine start`."""
        return self.line("start {vm}", 600)

    def restart(self) -> Command:
        """Shut the VM down and start it, which makes the host-only network again where it is gone."""
        return self.line("restart {vm}", 900)

    def stop(self) -> Command:
        """Runbook: `docker-machine stop`; it has no limit of its own when the guest ignores the button."""
        return self.line("stop {vm}", 180)

    def renew_certificates(self) -> Command:
        """Runbook: `docker-machine regenerate-certs`; -f, for it asks; restarts dockerd, which ends the service."""
        return self.line("regenerate-certs -f --client-certs {vm}", 600)

    def remove(self) -> Command:
        """Remove the VM, its disk and all images in it."""
        return self.line("rm -y {vm}", 180)

    def remove_files(self) -> Command:
        """Remove what a `create` that did not end left, or the files of a VM that VirtualBox does not know."""
        return self.line("rm -f -y {vm}", 180)

    def ssh(self, line: str = "", limit: float = 600) -> Command:
        """Runbook: `docker-machine ssh`: run a line in the VM, or open a shell there."""
        return self.line("ssh {vm}" + (" {line}" if line else ""), limit, line=line)

    def engine(self, address: str) -> str:
        """What a docker command on the host is told, to find the engine in the VM."""
        return f"DOCKER_TLS_VERIFY=1 DOCKER_HOST=tcp://{address}:2376 DOCKER_CERT_PATH={self.folder}"

    def store(self) -> Command:
        """What docker-machine keeps of the VM: its folder, its disk, its settings file."""
        asked = f"cd {self.folder} && echo there && du -k disk.vmdk; ls $PWD/{{vm}}/{{vm}}.vbox"
        return sh(self._told + asked, limit=LIMIT, vm=self.vm)

    @property
    def folder(self) -> str:
        """The machine's folder in the store, quoted."""
        store = self._settings.vm_store.rstrip("/") or "~/.docker/machine"
        return quote(f"{store}/machines/{self.vm}")


@dataclass(frozen=True)
class Store:
    """What docker-machine has of the VM. settings: its .vbox file; empty: nothing was ever on its disk."""

    settings: Optional[str]
    empty: bool


def store(answer: Answer) -> Store:
    """What the store's question printed."""
    settings = re.search(r"^/.*[.]vbox$", answer.out, re.MULTILINE)
    disk = re.search(r"^(\d+)\s+disk[.]vmdk$", answer.out, re.MULTILINE)
    empty = answer.out.startswith("there") and (not disk or int(disk[1]) < EMPTY)
    return Store(settings[0] if settings else None, empty)
