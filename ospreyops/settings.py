"""What may be configured in invoke.yaml under `osprey`, its defaults, checked once into frozen data."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Optional

from .errors import Usage

ARCHIVE = "/usr/project/dlab/www/donaldlab/software/osprey/releases"
HERE = "localhost"
NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.@:-]*[A-Za-z0-9_])?")
PATHS = (".folder", ".archive", ".vm_store", ".vm_registry", ".python")
URL = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/?")


@dataclass(frozen=True)
class Settings:
    """The settings of one host: what `osprey` says for all, overruled by `osprey.hosts.NAME`."""

    name: str
    address: str = field(
        default="",
        metadata={"help": "host name or IP address for SSH, or an alias of ssh_config; the host's name if empty"},
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
        default="~/osprey/service-docker", metadata={"help": "folder on the host for releases and the log"}
    )
    archive: str = field(default=ARCHIVE, metadata={"help": "folder on the host where release archives are found"})
    service_port: int = field(default=44342, metadata={"help": "port of the service"})
    public: str = field(
        default="",
        metadata={
            "help": "URL of the service for users; https://ADDRESS:SERVICE_PORT if empty, 'none' not to ask there"
        },
    )
    patience: int = field(default=120, metadata={"help": "seconds until a started service must be healthy"})
    notify: str = field(
        default="", metadata={"help": "program, or URL, that gets a JSON event of each fault that `inv watch` meets"}
    )
    pre_deploy: str = field(default="", metadata={"help": "program of yours to run before a deploy; may refuse it"})
    post_deploy: str = field(default="", metadata={"help": "program of yours to run after a deploy"})
    deploy_failed: str = field(default="", metadata={"help": "program of yours to run after a deploy that failed"})
    python: str = field(default="", metadata={"help": "the host's Python for `inv watch.install`; looked for if empty"})
    connect_limit: int = field(default=10, metadata={"help": "seconds until an SSH connection must stand"})

    @property
    def here(self) -> bool:
        """The host is this computer: no SSH."""
        return self.name == HERE

    @property
    def ssh(self) -> str:
        """How ssh is told of the host: an alias of ssh_config, or options and address."""
        port = f"-p {self.port} " if self.port else ""
        return port + (f"{self.user}@" if self.user else "") + (self.address or self.name)

    @property
    def login(self) -> str:
        """The host as an ssh:// URL names it."""
        at = (f"{self.user}@" if self.user else "") + (self.address or self.name)
        return at + (f":{self.port}" if self.port else "")

    @property
    def url(self) -> str:
        """The service's address on the host itself, as curl would be given it."""
        return f"https://localhost:{self.service_port}"

    def log(self, port: Optional[int]) -> str:
        """The file in the folder that a start script's standard output and error go to, by the port."""
        return f"osprey-service{f'-{port}' if port not in (None, self.service_port) else ''}.log"


KEYS = {f.name: f for f in fields(Settings) if f.name != "name"}
DEFAULTS: dict[str, Any] = {"host": HERE, "hosts": {}, **{key: f.default for key, f in KEYS.items()}}
"""For `ns.configure`: every key has a default, for Invoke lets environment variables fill known keys only."""


def names(hosts: str) -> list[str]:
    """The host names in a `-H` value, in order, each once; Usage for one that cannot be a name."""
    found = list(dict.fromkeys(part.strip() for part in hosts.split(",")))
    for name in found:
        if not NAME.fullmatch(name):
            raise Usage(f"{name!r} is not a host name", hint="-H olympias, or -H olympias,grisman-36")
    return found


def settings(config: Mapping[str, Any], name: str) -> Settings:
    """The checked settings of a host; Usage names the key that is wrong and how it should be."""
    known_hosts = config.get("hosts") or {}
    if not isinstance(known_hosts, Mapping):
        raise Usage("osprey.hosts is not a mapping of host names", hint="osprey: {hosts: {olympias: {user: jmartin}}}")
    own = known_hosts.get(name, _login(name))
    if own is not None and not isinstance(own, Mapping):
        raise Usage(f"osprey.hosts.{name} is not a mapping of settings", hint=f"{name}: {{user: jmartin}}")
    _refuse_unknown("osprey", config, (*KEYS, "host", "hosts"))
    _refuse_unknown(f"osprey.hosts.{name}", own or {}, KEYS)
    values = {}
    for key, known in KEYS.items():
        where, value = f"osprey.{key}", config.get(key)
        if own and own.get(key) is not None:
            where, value = f"osprey.hosts.{name}.{key}", own[key]
        values[key] = _checked(where, known.default if value is None else value, known.default)
    return Settings(name=name, **values)


def _login(name: str) -> dict[str, Any]:
    """What a host name that is not in the settings says by itself: user@address:port, as Fabric takes it."""
    user, _, rest = name.rpartition("@")
    address, _, port = rest.partition(":")
    if not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        return {"user": user, "address": rest} if user else {}
    return {"user": user, "address": address, "port": int(port)}


def _refuse_unknown(where: str, given: Mapping[str, Any], known: Any) -> None:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, 1)
            raise Usage(f"{where}.{key} is not a setting", hint=f"{near[0]}" if near else f"one of {', '.join(known)}")


def _checked(where: str, value: Any, default: Any) -> Any:
    """The value in the default's type; Usage when it is of another, or out of range."""
    if isinstance(default, int):
        if isinstance(value, bool) or not isinstance(value, int):
            raise Usage(f"{where} is {value!r}, not a whole number")
        top = 65535 if where.endswith("port") else 86400
        if not 0 <= value <= top or (value == 0 and not where.endswith(".port")):
            raise Usage(f"{where} is {value}, not between 1 and {top}")
        return value
    if not isinstance(value, str):
        raise Usage(f"{where} is {value!r}, not text")
    if any(ord(character) < 32 for character in value):
        raise Usage(f"{where} is {value!r}: it has control characters")
    if where.endswith(".public") and value not in ("", "none") and not URL.fullmatch(value):
        raise Usage(
            f"{where} is {value!r}, not a URL of the service", hint="https://olympias.cs.duke.edu:44342, or none"
        )
    if where.endswith(".vm") and not NAME.fullmatch(value):
        raise Usage(f"{where} is {value!r}, not the name of a VM")
    if where.endswith(".owner") and value and not NAME.fullmatch(value):
        raise Usage(f"{where} is {value!r}, not the name of a user")
    optional = where.endswith((".vm_store", ".vm_registry", ".python")) and not value
    if where.endswith(PATHS) and not optional and not value.startswith(("/", "~/")):
        raise Usage(f"{where} is {value!r}, not an absolute path", hint="a path that begins with / or ~/")
    return value


def number(flag: str, value: str) -> int:
    """A whole number above zero given on the command line; Usage for anything else."""
    if not re.fullmatch("[1-9][0-9]{0,4}", value) or int(value) > 86400:
        raise Usage(f"{flag} {value!r} is not a whole number from 1 to 86400")
    return int(value)
