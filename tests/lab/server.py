"""A Linux server of the lab: systemd, sshd and dockerd, all real, in a container."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from tests.lab.engine import Engine
from tests.lab.image import server_image
from tests.lab.ssh import SshHost, lab_key
from tests.lab.wait import until

USERS = ("maint", "ops", "guest")  # sudo with the password; sudo without one; no sudo
PASSWORD = "correct-horse"
RESET = Path(__file__).with_name("server-reset.sh")
# All that systemd and dockerd need, and no device of this machine. SYS_RESOURCE, which --privileged would ask
# for, is not to be had everywhere. No name server answers there, so that pulling an image fails at once.
OPTIONS = (
    *("--cap-add=ALL", "--cap-drop=SYS_RESOURCE", "--security-opt=seccomp=unconfined"),
    *("--security-opt=apparmor=unconfined", "--security-opt=systempaths=unconfined", "--cgroupns=private"),
    *("--tmpfs=/run:exec", "--tmpfs=/run/lock", "--volume=/var/lib/docker"),
    *("--stop-signal=RTMIN+3", "--dns=127.0.0.1"),
)
READY = "test ! -e /run/nologin && systemctl is-active --quiet ssh docker && docker version"


class Server(SshHost):
    """A running server, which USERS enter with the lab's key."""

    def __init__(self, engine: Engine, name: str) -> None:
        """Describe the server of this name on the engine."""
        self.engine = engine
        self.name = name
        self.key = lab_key()
        self.port = 22

    @classmethod
    def start(cls, engine: Engine, name: str) -> Server:
        """Boot a fresh server of this name and wait until its sshd and its dockerd answer."""
        server = cls(engine, name)
        server.stop()
        engine.docker(
            *("run", "--detach", "--name", name, "--hostname", name, *OPTIONS),
            *("--volume", f"{server.key}.pub:/etc/ssh/lab.pub:ro"),
            server_image(engine),
        )
        server.wait()
        server.sh(f"echo maint:{PASSWORD} | chpasswd")
        return server

    def wait(self, limit: float = 60) -> None:
        """Wait until the server's sshd and dockerd answer."""
        until(lambda: self.greets() and self._ready(), f"{self.name}'s boot", limit, self._state)

    def stop(self) -> None:
        """Remove the server with all it holds."""
        self.engine.docker("rm", "--force", "--volumes", self.name, check=False)

    @property
    def address(self) -> str:
        """The address at which this machine reaches the server."""
        return self.engine.docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", self.name)

    def host_keys(self) -> list[str]:
        """The server's public host keys, as it holds them itself."""
        return self.sh("cat /etc/ssh/ssh_host_ed25519_key.pub /etc/ssh/ssh_host_rsa_key.pub").splitlines()

    def sh(self, command: str, user: str = "root", check: bool = True, stdin: Optional[Path] = None) -> str:
        """Run a shell command inside, past sshd, and return what it wrote to standard output."""
        home = "/root" if user == "root" else f"/home/{user}"
        place = ("--user", user, "--workdir", home, "--env", f"HOME={home}")
        return self.engine.docker(
            "exec", "--interactive", *place, self.name, "sh", "-c", command, stdin=stdin, check=check
        )

    def put(self, local: Path, remote: str) -> None:
        """Copy a file to a path inside, as root."""
        self.engine.docker("exec", "--interactive", self.name, "sh", "-c", 'cat >"$0"', remote, stdin=local)

    def reset(self, keep_images: bool = False) -> None:
        """Take away all that a deployment leaves: unit, containers, volume, folders, and images unless kept."""
        arguments = ["-s", *(["keep-images"] if keep_images else [])]
        self.engine.docker("exec", "--interactive", self.name, "sh", *arguments, stdin=RESET)

    def freeze(self) -> None:
        """Let every process of the server stand still: connections stay open and go dead."""
        self.engine.docker("pause", self.name)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self.engine.docker("unpause", self.name)

    def _ready(self) -> bool:
        """Whether users may log in and dockerd answers."""
        return bool(self.sh(READY, check=False))

    def _state(self) -> str:
        """What helps to see why the server does not come up."""
        return self.sh("systemctl --no-pager --failed; journalctl --no-pager --lines 20", check=False)
