"""The settings of invoke.yaml under `osprey`: what there is, the defaults, and the check, which makes frozen data."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Optional

from .errors import Usage
from .secret import SERVER, Secret
from .text import bracketed, visible

FILES = ".ospreyops"
"""The folder of what a host remembers, in the service's own folder."""
ROOTS, ROOTS_ON_MAC = "/var/lib/ospreyops", "/Library/Application Support/ospreyops"
"""The service's folder where root runs it and the settings name no other."""
ARCHIVE = "/usr/project/dlab/www/donaldlab/software/osprey/releases"
HERE = "localhost"
NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.@:-]*[A-Za-z0-9_])?")
URL = re.compile(r"https://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/?$")
VERSION, SHA256 = re.compile(r"[0-9]+(\.[0-9]+)+"), re.compile("(sha256:)?[0-9a-fA-F]{64}")
OLD_NAMES = {"patience": "health_timeout", "connect_limit": "ssh_connect_timeout"}
"""Older names of settings, which are still read."""


@dataclass(frozen=True)
class Kind:
    """A kind of text that a setting must be. keys: ends of settings' names; also: further values that are fine."""

    name: str
    keys: tuple[str, ...]
    pattern: re.Pattern[str]
    also: tuple[str, ...] = ()
    hint: str = ""


NOTIFY = re.compile(rf"https?://{SERVER.pattern}[!-~]*$|(?!.*://)", re.IGNORECASE)
PATH, PATH_HINT = re.compile("/|~/"), "a path that begins with / or ~/"
KINDS = (
    Kind("a URL of the service", (".public",), URL, ("", "none"), "https://olympias.cs.duke.edu:44342, or none"),
    Kind("a program, or a URL of http or https", (".notify",), NOTIFY),
    Kind("the name of a VM", (".vm",), re.compile(f"{NAME.pattern}$")),
    Kind("the name of a user", (".owner",), re.compile(f"{NAME.pattern}$"), ("",)),
    Kind("an absolute path", (".folder", ".archive"), PATH, (), PATH_HINT),
    Kind("an absolute path", (".vm_store", ".vm_registry", ".python"), PATH, ("",), PATH_HINT),
)


@dataclass(frozen=True)
class Settings:
    """The settings of one host: those of `osprey` for all hosts, overruled by `osprey.hosts.NAME`."""

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
DEFAULTS: dict[str, Any] = {
    "host": HERE,
    "hosts": {},
    **{key: known.default for key, known in KEYS.items()},
    "releases": {},
    **{old: KEYS[new].default for old, new in OLD_NAMES.items()},
}
"""Every key has a default, for Invoke lets environment variables fill known keys only."""


def names(hosts: str) -> list[str]:
    """The host names in a `-H` value, in order, each once. Errors: Usage for one that cannot be a name."""
    found = list(dict.fromkeys(part.strip() for part in hosts.split(",")))
    for name in found:
        if not NAME.fullmatch(name):
            raise Usage(f"{name!r} is not a host name", hint="-H olympias, or -H olympias,grisman-36")
    return found


def settings(config: Mapping[str, Any], name: str) -> Settings:
    """The checked settings of a host. Errors: Usage, which names the key that is wrong and how it should be."""
    known_hosts = config.get("hosts") or {}
    if not isinstance(known_hosts, Mapping):
        raise Usage("osprey.hosts is not a mapping of host names", hint="osprey: {hosts: {olympias: {user: jmartin}}}")
    own = known_hosts.get(name, _login(name)) or {}
    if not isinstance(own, Mapping):
        raise Usage(f"osprey.hosts.{name} is not a mapping of settings", hint=f"{name}: {{user: jmartin}}")
    _refuse_unknown("osprey", config, (*KEYS, *OLD_NAMES, "host", "hosts"))
    _refuse_unknown(f"osprey.hosts.{name}", own, (*KEYS, *OLD_NAMES))
    values = {}
    for key, known in KEYS.items():
        where, value = _given(config, own, name, key)
        values[key] = _checked(where, known.default if value is None else value, known.default)
    return Settings(name=name, **values)


def _given(config: Mapping[str, Any], own: Mapping[str, Any], name: str, key: str) -> tuple[str, Any]:
    """Where a setting is given, and its value: for the host or for all, under its name or an older one."""
    keys = [key, *(old for old, new in OLD_NAMES.items() if new == key)]
    for known in keys:
        if own.get(known) is not None:
            return f"osprey.hosts.{name}.{known}", own[known]
    changed = [known for known in keys if config.get(known) not in (None, KEYS[key].default)]
    used = changed[0] if changed else key
    return f"osprey.{used}", config.get(used)


def _login(name: str) -> dict[str, Any]:
    """The settings that a name gives which is in no settings: user@address:port, as Fabric takes it."""
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
    """The value in the default's type. Errors: Usage when it is of another type, or does not fit."""
    if isinstance(default, int):
        return _checked_number(where, value)
    if isinstance(default, tuple):
        return _checked_pins(where, value)
    if isinstance(default, Secret):
        secret = value if isinstance(value, Secret) else Secret(str(value))
        _check_text(where, secret.reveal() if isinstance(value, (str, Secret)) else None, secret)
        return secret
    _check_text(where, value, value)
    return value


def _check_text(where: str, value: Any, shown: object) -> None:
    """Errors: Usage, with what may be shown of the value, when it is no text, or does not fit."""
    if not isinstance(value, str):
        raise Usage(f"{where} is {reprlib.repr(shown)}, not text")
    if visible(value) != value or {"\t", "\n"} & set(value):
        raise Usage(f"{where} is {shown!r}: it has control characters")
    for kind in KINDS:
        if where.endswith(kind.keys) and value not in kind.also and not kind.pattern.match(value):
            raise Usage(f"{where} is {shown!r}, not {kind.name}", hint=kind.hint)


def _checked_pins(where: str, value: Any) -> tuple[tuple[str, str], ...]:
    if value == ():
        return ()
    hint = f'{{"0.3": sha256:{"0123456789abcdef" * 4}}}, as sha256sum prints it'
    if not isinstance(value, Mapping):
        raise Usage(f"{where} is {value!r}, not a mapping of versions", hint=hint)
    found = []
    for version, digest in value.items():
        if not isinstance(version, str) or not VERSION.fullmatch(version):
            raise Usage(f"{where} has {version!r}, which is no version in quotes", hint=hint)
        if not isinstance(digest, str) or not SHA256.fullmatch(digest):
            raise Usage(f"{where}.{version} is {digest!r}, not a sha256", hint=hint)
        found.append((version, digest.rpartition(":")[2].lower()))
    return tuple(found)


def _checked_number(where: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Usage(f"{where} is {reprlib.repr(value)}, not a whole number")
    top = 65535 if where.endswith("port") else 86400
    if not 0 <= value <= top or (value == 0 and not where.endswith(".port")):
        raise Usage(f"{where} is {value}, not between 1 and {top}")
    return value


def number(flag: str, value: str) -> int:
    """A whole number above zero from the command line. Errors: Usage for anything else."""
    if not re.fullmatch("[1-9][0-9]{0,4}", value) or int(value) > 86400:
        raise Usage(f"{flag} {value!r} is not a whole number from 1 to 86400")
    return int(value)
