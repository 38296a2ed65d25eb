"""What an SSH server shows of itself, and what is said of its key. Nothing here loads paramiko."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any, Optional

from ..errors import Unreachable

KINDS = {"ssh-ed25519": "ed25519", "ssh-rsa": "rsa", "ecdsa": "ecdsa"}
"""How ssh-keygen and the names of a server's own files call a kind of key, by how its name begins."""


@dataclass(frozen=True)
class Shown:
    """The key that a host shows, which is known. banner: what its server calls itself; refusal: it lets nobody in."""

    key: Any
    banner: str = ""
    refusal: Optional[Unreachable] = None

    @classmethod
    def of(cls, connection: Any) -> Shown:
        """What was shown on a connection that stands."""
        transport = connection.transport
        return cls(transport.get_remote_server_key(), str(transport.remote_version))


class HostKeyError(Unreachable):
    """A host's key was not let through. judge: what is known of its keys; forget: the line that forgets a known one."""

    def __init__(self, case: str, hint: str, judge: Any, key: Any, forget: str = "") -> None:
        super().__init__(case, hint=hint)
        self.judge, self.key, self.forget = judge, key, forget


class UnknownHostKey(HostKeyError):
    """No file has a key of that host."""


class ChangedHostKey(HostKeyError):
    """The files have another key of that host."""


def described(key: Any, name: str) -> str:
    """A key of the host of that name, as `ssh-keygen -l` prints it."""
    return f"{key.get_bits()} {fingerprint(key.asbytes())} {name} ({kind_of(key).upper()})"


def kind_of(key: Any) -> str:
    """The kind of a key, as in ssh_host_ed25519_key.pub."""
    return next((kind for begin, kind in KINDS.items() if key.get_name().startswith(begin)), key.get_name())


def fingerprint(key: bytes) -> str:
    """The key's SHA256 fingerprint, as ssh and ssh-keygen print it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
