"""What every SSH host of the lab has: a key to enter it, and host keys read from its own files."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from tests.lab.cache import CACHE, locked


class SshHost:
    """A host that sshd lets one enter with `key`."""

    key: Path
    port: int

    @property
    def address(self) -> str:
        """The host's address on this machine."""
        raise NotImplementedError

    def host_keys(self) -> list[str]:
        """The host's public keys, from its own files."""
        raise NotImplementedError

    def greets(self) -> bool:
        """Whether the host's sshd sends its banner."""
        try:
            with socket.create_connection((self.address, self.port), timeout=2) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def known_hosts(self, path: Path) -> None:
        """Write the host's keys to a known_hosts file."""
        name = self.address if self.port == 22 else f"[{self.address}]:{self.port}"
        path.write_text("".join(f"{name} {key}\n" for key in self.host_keys()))

    def ssh_config(self, path: Path, alias: str, user: str) -> None:
        """Write an SSH configuration that enters the host as the user, and its known_hosts beside it."""
        known_hosts = path.with_name(f"{path.name}.known_hosts")
        self.known_hosts(known_hosts)
        path.write_text(
            f"Host {alias}\n"
            f"    HostName {self.address}\n"
            f"    Port {self.port}\n"
            f"    User {user}\n"
            f"    IdentityFile {self.key}\n"
            "    IdentitiesOnly yes\n"
            f"    UserKnownHostsFile {known_hosts}\n"
            "    StrictHostKeyChecking yes\n"
        )


def make_key(path: Path) -> Path:
    """Make an ed25519 key without a passphrase, unless it is there, and return its path."""
    with locked(path.parent):
        if not path.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(path)], check=True)
    return path


def lab_key() -> Path:
    """The key that enters the lab's servers."""
    return make_key(CACHE / "id_ed25519")
