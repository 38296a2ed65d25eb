"""SSH on the loopback that fails as hosts do: an OpenSSH server to freeze, a silent port, a closed one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.lab.processes import children
from tests.lab.ssh import SshHost, make_key
from tests.lab.wait import until

LOOPBACK = "127.0.0.1"
CONFIG = """\
ListenAddress {address}
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
Subsystem sftp internal-sftp
"""


class Sshd(SshHost):
    """An OpenSSH server that the user who runs it enters with `key`; it ends with `stop`."""

    def __init__(self, folder: Path, more: str = "", listen: str = LOOPBACK) -> None:
        """Start a server with its keys and log in the folder, on a free port, and wait for its banner.

        more: lines for its configuration; listen: the address that it listens on.
        """
        self.folder = folder
        self.key = make_key(folder / "key")
        self._host_key = make_key(folder / "host_key")
        self._frozen: list[int] = []
        with closed_port() as self.port:
            pass
        config = folder / "sshd_config"
        config.write_text(CONFIG.format(address=listen, port=self.port, folder=folder) + more)
        Path("/run/sshd").mkdir(exist_ok=True)
        program = shutil.which("sshd", path=f"{os.defpath}:/usr/sbin") or "sshd"
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen([program, "-D", "-e", "-f", str(config)], stderr=log)
        until(self.greets, "sshd's banner", 10, (folder / "log").read_text)

    @property
    def address(self) -> str:
        """The loopback address."""
        return LOOPBACK

    def host_keys(self) -> list[str]:
        """The server's public key."""
        return [self._host_key.with_suffix(".pub").read_text().strip()]

    def freeze(self) -> None:
        """Let the server and what it runs stand still, parents first: connections stay open, and dead."""
        self._frozen = [self._process.pid]
        for pid in self._frozen:
            _tell(pid, signal.SIGSTOP)
            self._frozen += children(pid)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        for pid in self._frozen:
            _tell(pid, signal.SIGCONT)
        self._frozen = []

    def stop(self) -> None:
        """End the server, its connections, and what runs in them."""
        if self._process.poll() is None:
            self.freeze()
            for pid in self._frozen:
                _tell(pid, signal.SIGKILL)
            self._process.wait(timeout=10)


def _tell(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended by itself."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


@contextlib.contextmanager
def silent_server() -> Iterator[int]:
    """A port on the loopback that accepts connections and never says a word."""
    with socket.create_server((LOOPBACK, 0), backlog=64) as listener:
        yield int(listener.getsockname()[1])


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port on the loopback that refuses connections, kept from others meanwhile."""
    with socket.socket() as holder:
        holder.bind((LOOPBACK, 0))
        yield int(holder.getsockname()[1])
