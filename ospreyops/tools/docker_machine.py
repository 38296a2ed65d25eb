"""docker-machine: its lines, and what it keeps of a VM (field book: docker-machine).

Nothing here asks `docker-machine ls`, which can hang for ever whatever its --timeout (decision: VBoxManage).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional

from ..facts.machine import Record
from ..remote.command import Answer, Command, quote, sh
from ..remote.perl import program
from ..settings import Settings
from ..text import parse_object

LIMIT = 12
EMPTY = 10_000
"""Kilobytes of a disk that holds nothing but docker-machine's key."""
CONFIG = "config.json:"
ISO = "boot2docker.iso"
"""The VM's system, the one large file of a VM that holds nothing."""
PORT_TAKEN = "address already in use"
"""What `start` says when something else has the SSH port that it remembers (field book: docker-machine, 3)."""
IPV4 = re.compile(r"[0-9]{1,3}(?:[.][0-9]{1,3}){3}")
OTHER_CA = "another CA:"
UNFIT = "command -v openssl >/dev/null && ! openssl verify -CAfile ca.pem cert.pem 2>&1 | grep -qx 'cert.pem: OK'"
"""The client's certificate is not of the CA, or the time of one is over; what openssl exits with says less."""


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
        line = sh(template, limit=limit, sudo=False, own="", vm=self.vm, **values).line
        return Command(f"{self._told}docker-machine {line}", limit)

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

    def forget_port(self) -> Command:
        """Have the next start find a free SSH port: the one that docker-machine remembers is taken."""
        change = 'sed \'s/"SSHPort": *[0-9]*/"SSHPort": 0/\' config.json >config.json.new'
        return Command(f"cd {self.folder} && umask 077 && {change} && mv -f config.json.new config.json", LIMIT)

    def renew_certificates(self) -> Command:
        """Runbook: `docker-machine regenerate-certs`; -f, for it asks; restarts dockerd, which ends the service."""
        return self.line("regenerate-certs -f --client-certs {vm}", 600)

    def drop_client_certificate(self) -> Command:
        """Put the client's certificate aside, so that a new one is made.

        `regenerate-certs` makes one only where there is none or its time is over, not for a new CA (field book:
        docker-machine, 9).
        """
        aside = " && ".join(f"{{ [ ! -e {name} ] || mv -f {name} {name}.old; }}" for name in ("cert.pem", "key.pem"))
        return Command(f"cd {self._store('certs')} && {aside}", LIMIT)

    def remove(self) -> Command:
        """Remove the VM, its disk and all images in it."""
        return self.line("rm -y {vm}", 180)

    def remove_files(self) -> Command:
        """Remove what a `create` that did not end left, or the files of a VM that VirtualBox does not know."""
        return self.line("rm -f -y {vm}", 180)

    def ssh(self, line: str = "", limit: float = 600, *, terminal: bool = False) -> Command:
        """Runbook: `docker-machine ssh`: run a line in the VM, or open a shell there.

        terminal: the line gets one. What follows the VM's name is ssh's (field book: docker-machine, 8).
        """
        return self.line(f"ssh {{vm}}{' -t' if terminal else ''}" + (" {line}" if line else ""), limit, line=line)

    def engine(self, address: str) -> str:
        """What a docker command on the host is told, to find the engine in the VM."""
        return f"DOCKER_TLS_VERIFY=1 DOCKER_HOST=tcp://{address}:2376 DOCKER_CERT_PATH={self.folder}"

    def store(self) -> Command:
        """What docker-machine keeps of the VM: its folder, the largest file in it, settings files, its config.json.

        docker-machine replaces config.json with a moment in which it is not there.
        """
        largest = f"find . -type f ! -name {ISO} -exec du -k {{}} + | sort -n | tail -n 1"
        file = f'"$PWD"/{quote(self.vm)}/{quote(self.vm)}.vbox'
        settings = f"ls -d {file} {file}-prev 2>/dev/null"
        client = f"(cd {self._store('certs')} && {UNFIT} && echo {OTHER_CA})"
        config = f"[ -e config.json ] || sleep 1; echo {CONFIG}; cat config.json"
        parts = f"{largest}; {settings}; {client}; {config}"
        return Command(f"cd {self.folder} && pwd && {{ {parts}; }}", LIMIT)

    def changes(self, pid: int) -> Command:
        """Tell when the process ends, or VirtualBox writes its settings or its log of the VM: both have each change.

        Field book: docker-machine, 8.
        """
        files = f"{self.folder}/{quote(self.vm)}"
        changed = quote(program(__package__, "changed.pl"))
        return Command(f"exec perl -e {changed} {pid} {files}/{quote(self.vm)}.vbox {files}/Logs/VBox.log", LIMIT)

    def remembered(self, key: str) -> str:
        """A line that prints what config.json has under that key; nothing where it has not."""
        return f'sed -n \'s/^ *"{key}": *"*\\([0-9.]*\\).*/\\1/p\' {self.folder}/config.json 2>/dev/null | head -n 1'

    @property
    def folder(self) -> str:
        """The machine's folder in the store, quoted."""
        return self._store(f"machines/{self.vm}")

    def _store(self, path: str) -> str:
        store = self._settings.vm_store.rstrip("/") or "~/.docker/machine"
        return quote(f"{store}/{path}")


@dataclass(frozen=True)
class Store:
    """What docker-machine has of the VM. folder: where; settings: its .vbox file, or the one before that.

    empty: nothing was ever on its disk, and it never had a port; all of it was seen.
    other_ca: the client's certificate is not of the CA.
    """

    folder: Optional[str]
    settings: Optional[str]
    empty: bool
    record: Optional[Record]
    other_ca: bool = False


def store(answer: Answer) -> Store:
    """What the store's question printed."""
    listing, whole, config = answer.out.partition(f"\n{CONFIG}\n")
    folder = re.match(r"\S.*", listing)
    settings = re.search(r"^/.*[.]vbox(-prev)?$", listing, re.MULTILINE)
    largest = re.search(r"^([0-9]{1,15})\s", listing, re.MULTILINE)
    record = _record(config)
    small = not largest or int(largest[1]) < EMPTY
    return Store(
        folder[0] if folder else None,
        settings[0] if settings else None,
        bool(folder and whole) and not answer.late and small and not (record and record.ssh_port),
        record,
        OTHER_CA in listing,
    )


def _record(config: str) -> Optional[Record]:
    """What config.json has; None where it is not whole."""
    driver = parse_object(config).get("Driver")
    if not isinstance(driver, dict):
        return None
    port, address = driver.get("SSHPort"), driver.get("IPAddress")
    known = isinstance(address, str) and IPV4.fullmatch(address)
    return Record(port if isinstance(port, int) and 0 < port < 65536 else 0, address if known else None)


LOGINS = ("ssh", "scp")
QUICK = ("ls", "status", "ip", "url", "env", "config", "inspect")
LENGTHY = ("start", "stop", "restart", "kill", "rm", "regenerate-certs", "provision", "upgrade")
CHANGING = ("create", "start", "restart", "regenerate-certs", "provision", "upgrade")
OF_ALL = "ls"
"""Subcommands that log in; that ask; that change a VM; that bring it up; that is about all VMs."""
VALUED = ("-s", "--storage-path", "--tls-ca-cert", "--tls-ca-key", "--tls-client-cert", "--tls-client-key")
"""Global flags that are followed by a value."""


def subcommand(words: list[str]) -> tuple[str, list[str]]:
    """The subcommand of a command line, "" where there is none, and what that was told."""
    rest = list(words)
    while rest and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in VALUED else rest[1:]
    return (rest[0], rest[1:]) if rest else ("", [])
