"""A workstation with a home of its own, and real SSH servers of this computer that it goes to."""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Optional

from tests.conftest import Inv, Ran, said
from tests.lab.ssh import make_key
from tests.lab.sshd import LOOPBACK, Sshd
from tests.own_ssh import path_with_own_ssh

HOST = "Host {name}\n    HostName {address}\n    Port {port}\n    User {user}\n"
OWN = "Host *\n    IdentityFile {key}\n    IdentitiesOnly yes\n    UserKnownHostsFile {known}\n    {more}\n"
QUESTION = "is it the same"
"""What host.trust asks."""


class Workstation:
    """A workstation whose ssh_config calls a server `box`, of which it knows nothing yet; `gate` leads to it, too."""

    def __init__(self, home: Path, sshd: Sshd, gate: Sshd) -> None:
        self.home, self.sshd, self.gate = home, sshd, gate
        self.known = home / ".ssh/known_hosts"
        (home / ".ssh").mkdir()
        self.configure()
        self.inv = Inv({"HOME": str(home), "PATH": path_with_own_ssh(home), "SSH_AUTH_SOCK": ""})

    def configure(self, *, key: Optional[Path] = None, more: str = "", box: str = "") -> None:
        user = getpass.getuser()
        hosts = {"box": self.sshd.port, "behind": self.sshd.port, "gate": self.gate.port}
        made = [HOST.format(name=name, address=LOOPBACK, port=port, user=user) for name, port in hosts.items()]
        own = OWN.format(key=key or self.sshd.key, known=self.known, more=more)
        text = f"Host behind\n    ProxyJump gate\nHost box\n    {box}\n" + "".join(made) + own
        (self.home / ".ssh/config").write_text(text)

    def ssh(self, name: str = "box") -> subprocess.CompletedProcess[str]:
        """What ssh itself says, which may ask nothing."""
        words = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", name, "echo in"]
        return subprocess.run(words, env=self.inv.env, capture_output=True, text=True, timeout=60)

    def trust(self, answer: str, name: str = "box") -> Ran:
        child = self.inv.terminal("host.trust", name)
        child.expect(QUESTION)
        before = str(child.before)
        child.sendline(answer)
        ran = said(child)
        return Ran(ran.code, before + ran.out, "")


@contextmanager
def two_servers(*folders: Path, more: str = "") -> Iterator[tuple[Sshd, Sshd]]:
    """Two servers with host keys of their own, which let the same user in, until the block ends.

    more: lines for the first one's configuration.
    """
    key = make_key(folders[0] / "key")
    for suffix in ("", ".pub"):
        (folders[1] / f"key{suffix}").write_bytes(Path(f"{key}{suffix}").read_bytes())
        (folders[1] / f"key{suffix}").chmod(0o600)
    with ExitStack() as stack:
        made = [Sshd(folders[0], more), Sshd(folders[1])]
        for sshd in made:
            stack.callback(sshd.stop)
        yield made[0], made[1]
