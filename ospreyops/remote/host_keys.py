"""Host keys: known_hosts decides, as it does for ssh. Fabric alone never reads it and adds any key (fabric#2071)."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import fabric
import paramiko

from ..errors import Unreachable


class RejectUnknownHostKey(paramiko.MissingHostKeyPolicy):
    """Reject a host key that known_hosts does not have."""

    def __init__(self, name: str, login: str) -> None:
        self.name, self.login = name, login

    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002 (paramiko gives it)
        hostname: str,
        key: paramiko.PKey,
    ) -> None:
        """Raise Unreachable, with the key's fingerprint and the command that accepts the key."""
        raise Unreachable(
            f"the host key of {self.name} ({hostname}) is not known: {key.get_name()} {fingerprint(key)}",
            hint=f"compare the fingerprint with the host's own, then: {accept_command(self.login)}",
        )


def fingerprint(key: paramiko.PKey) -> str:
    """The key's SHA256 fingerprint, as ssh and ssh-keygen print it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def accept_command(login: str) -> str:
    """The command that adds a host's key to known_hosts."""
    return f"ssh -o StrictHostKeyChecking=accept-new {login} true"


def known_hosts(connection: fabric.Connection) -> list[str]:
    """The files that ssh reads host keys from, the user's first."""
    config = connection.ssh_config
    own = config.get("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2")
    return f"{own} {config.get('globalknownhostsfile', '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2')}".split()


def known_as(connection: fabric.Connection) -> str:
    """The name that known_hosts has a host under; a port other than 22 is part of it."""
    return connection.host if connection.port == 22 else f"[{connection.host}]:{connection.port}"


def load_known_hosts(connection: fabric.Connection) -> None:
    """Accept the keys that known_hosts has for the host; with HostKeyAlias, only those of the alias."""
    client, alias = connection.client, connection.ssh_config.get("hostkeyalias")
    files = [str(path) for path in (Path(name).expanduser() for name in known_hosts(connection)) if path.is_file()]
    if not alias:
        for file in files:
            client.load_system_host_keys(file)
        return
    known = paramiko.HostKeys()
    for file in files:
        known.load(file)
    for kind, key in (known.lookup(alias) or {}).items():
        client.get_host_keys().add(known_as(connection), kind, key)
