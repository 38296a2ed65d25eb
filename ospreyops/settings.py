"""The settings of invoke.yaml under `osprey`: what there is, the defaults, and the check, which makes frozen data."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Optional

from .checks import NAME, checked
from .errors import Usage
from .secret import Secret
from .text import bracketed

FILES = ".ospreyops"
"""The folder of what a host remembers, in the service's own folder."""
ROOTS, ROOTS_ON_MAC = "/var/lib/ospreyops", "/Library/Application Support/ospreyops"
"""The service's folder where root runs it and the settings name no other."""
ARCHIVE = "/usr/project/dlab/www/donaldlab/software/osprey/releases"
HERE = "localhost"
Key = tuple[str, ...]
"""Where a setting stands below `osprey`: ("hosts", "olympias", "user")."""
OLD_NAMES = {"patience": "health_timeout", "connect_limit": "ssh_connect_timeout"}
"""Older names of settings, which are still read."""


@dataclass(frozen=True)
class Settings:
    """The settings of one host: those of `osprey` for all hosts, overruled by `osprey.hosts.NAME`."""

    name: str
    address: str = field(
        default="",
        metadata={
            "help": "host name or IP address for SSH (user@ADDRESS:port is taken, too), or an alias of ssh_config; "
            "the host's name if empty"
        },
    )
    user: str = field(default="", metadata={"help": "user to log in as; as ssh_config says if empty"})
    port: int = field(default=0, metadata={"help": "port of the SSH server; as ssh_config says if 0"})
    machine: str = field(
        default="native", metadata={"help": "where Docker runs: the name of a file in ospreyops/machines"}
    )
    owner: str = field(
        default="",
        metadata={"help": "user whose VM, files and service these are, if not the one who logs in: used through sudo"},
    )
    vm: str = field(default="osprey-service", metadata={"help": "name of the VM, where the machine is one"})
    vm_store: str = field(default="", metadata={"help": "docker-machine's MACHINE_STORAGE_PATH, if not its default"})
    vm_registry: str = field(default="", metadata={"help": "VirtualBox's VBOX_USER_HOME, if not its default"})
    vm_memory: int = field(default=4096, metadata={"help": "megabytes of memory for a new VM"})
    vm_cpus: int = field(default=2, metadata={"help": "processors for a new VM"})
    folder: str = field(
        default="~/osprey/service-docker",
        metadata={"help": f"folder on the host for releases and the log; {ROOTS} where root runs the service"},
    )
    archive: str = field(default=ARCHIVE, metadata={"help": "folder on the host where release archives are found"})
    service_port: int = field(default=44342, metadata={"help": "port of the service"})
    public: str = field(
        default="",
        metadata={
            "help": "URL of the service for users; https://ADDRESS:SERVICE_PORT if empty, 'none' not to ask there"
        },
    )
    releases: tuple[tuple[str, str], ...] = field(
        default=(), metadata={"help": "version and sha256 of each release archive that may not be another one"}
    )
    health_timeout: int = field(default=120, metadata={"help": "seconds until a started service must be healthy"})
    notify: Secret = field(
        default=Secret(),
        metadata={"help": "program, or URL, that gets a JSON event of each fault that `inv watch` meets"},
    )
    pre_deploy: str = field(default="", metadata={"help": "program of yours to run before a deploy; may refuse it"})
    post_deploy: str = field(default="", metadata={"help": "program of yours to run after a deploy"})
    deploy_failed: str = field(default="", metadata={"help": "program of yours to run after a deploy that failed"})
    python: str = field(default="", metadata={"help": "the host's Python for `inv watch.install`; looked for if empty"})
    ssh_connect_timeout: int = field(default=10, metadata={"help": "seconds until an SSH connection must stand"})

    @property
    def here(self) -> bool:
        """The host is this computer: no SSH."""
        return self.name == HERE

    @property
    def ssh(self) -> str:
        """The words that ssh needs for the host: an alias of ssh_config, or options and address."""
        port = f"-p {self.port} " if self.port else ""
        return port + (f"{self.user}@" if self.user else "") + (self.address or self.name)

    @property
    def login(self) -> str:
        """The host as an ssh:// URL names it."""
        at = (f"{self.user}@" if self.user else "") + bracketed(self.address or self.name)
        return at + (f":{self.port}" if self.port else "")

    @property
    def url(self) -> str:
        """The service's address on the host itself, as curl would be given it."""
        return f"https://localhost:{self.service_port}"

    def pin(self, version: str) -> Optional[str]:
        """The sha256 that the release's archive must have; None where any will do."""
        return dict(self.releases).get(version)

    def log(self, port: Optional[int]) -> str:
        """The log file of a start script, in the folder: one for each port."""
        return f"osprey-service{f'-{port}' if port not in (None, self.service_port) else ''}.log"


KEYS = {known.name: known for known in fields(Settings) if known.name != "name"}


def names(hosts: str) -> list[str]:
    """The host names in a `-H` value, in order, each once. Errors: Usage for one that cannot be a name."""
    found = list(dict.fromkeys(part.strip() for part in hosts.split(",")))
    for name in found:
        if not NAME.fullmatch(name):
            raise Usage(f"{name!r} is not a host name", hint="-H olympias, or -H olympias,grisman-36")
    return found


def dotted(key: Key) -> str:
    """A key as errors name it."""
    return ".".join(("osprey", *key))


def settings(config: Mapping[str, Any], name: str) -> Settings:
    """The checked settings of a host. Errors: Usage, which names the key that is wrong and how it should be."""
    found, wrong = examined(config, name)
    for _, mistake in wrong:
        raise mistake
    return found


def examined(config: Mapping[str, Any], name: str) -> tuple[Settings, list[tuple[Key, Usage]]]:
    """The settings of a host, with defaults for what is wrong; and all that is wrong, each with its key."""
    hosts, own = config.get("hosts") or {}, own_part(config, name)
    wrong = [*_unknown((), config, (*KEYS, *OLD_NAMES, "host", "hosts", "groups"))]
    if not isinstance(hosts, Mapping):
        hint = "osprey: {hosts: {olympias: {user: jmartin}}}"
        wrong.append((("hosts",), Usage("osprey.hosts is not a mapping of host names", hint=hint)))
    elif not isinstance(hosts.get(name) or {}, Mapping):
        case = f"osprey.hosts.{name} is not a mapping of settings"
        wrong.append((("hosts", name), Usage(case, hint=f"{name}: {{user: jmartin}}")))
    wrong += _unknown(("hosts", name), own, (*KEYS, *OLD_NAMES))
    values: dict[str, Any] = {}
    for key, known in KEYS.items():
        at, value = given(config, own, name, key)
        values[key] = known.default
        try:
            values[key] = known.default if value is None else checked(dotted(at), value, known.default)
        except Usage as mistake:
            wrong.append((at, mistake))
    for key, value in login_parts(values["address"]).items():
        values[key] = value if key == "address" else values[key] or value
    return Settings(name=name, **values), wrong


def own_part(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What is said of one host: in the settings, or by its name."""
    hosts = config.get("hosts")
    own = (hosts if isinstance(hosts, Mapping) else {}).get(name, login_parts(name)) or {}
    return own if isinstance(own, Mapping) else {}


def given(config: Mapping[str, Any], own: Mapping[str, Any], name: str, key: str) -> tuple[Key, Any]:
    """Where a setting is given, and its value: for the host or for all, under its name or an older one."""
    known = [key, *(old for old, new in OLD_NAMES.items() if new == key)]
    places = [(("hosts", name, one), own.get(one)) for one in known] + [((one,), config.get(one)) for one in known]
    return next((place for place in places if place[1] is not None), ((key,), None))


def login_parts(name: str) -> dict[str, Any]:
    """The settings in an address, or in a name that no settings have: user@address:port, as Fabric takes it."""
    user, _, rest = name.rpartition("@")
    address, _, port = rest.partition(":")
    if not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        return {"user": user, "address": rest} if user else {}
    return {"user": user, "address": address, "port": int(port)}


def _unknown(at: Key, given: Mapping[str, Any], known: Sequence[str]) -> Iterator[tuple[Key, Usage]]:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            hint = near[0] if near else f"one of {', '.join(known)}"
            where = (*at, str(key))
            yield where, Usage(f"{dotted(where)} is not a setting", hint=hint)


def number(flag: str, value: str) -> int:
    """A whole number above zero from the command line. Errors: Usage for anything else."""
    if not re.fullmatch("[1-9][0-9]{0,4}", value) or int(value) > 86400:
        raise Usage(f"{flag} {value!r} is not a whole number from 1 to 86400")
    return int(value)
