"""olympias as the tests hold it: start and stop it, run commands on it, and let its VirtualBox misbehave."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

from tests.lab.cache import CACHE
from tests.lab.olympias import etc, network
from tests.lab.olympias.claim import Claim
from tests.lab.olympias.etc import LOCAL_PATH, PATH, USERS
from tests.lab.olympias.image import guest_image
from tests.lab.olympias.machine import LabVm
from tests.lab.ssh import SshHost, lab_key
from tests.lab.wait import until

HERE = Path(__file__).parent
RUN = CACHE / network.SPACE
NOTES = {"VBoxManage": "Library/VirtualBox/refused", "docker-machine": ".docker/machine/refused"}


class OlympiasError(RuntimeError):
    """A command on olympias failed, or olympias cannot be started."""


class Olympias(SshHost):
    """The Mac; its files are in a folder of the lab's cache, and it ends with `stop`."""

    port = 22
    address = network.ADDRESS

    def __init__(self) -> None:
        """Describe olympias, running or not."""
        self.name = network.NAME
        self.key = lab_key()
        self._pid = RUN / "pid"
        self.homes = RUN / "Users"
        self.claim = Claim()

    @classmethod
    def start(cls, stays: bool = False) -> Olympias:
        """Start a fresh olympias, in place of one that no process holds, and wait for its sshd.

        stays: it goes on when this process has ended, and is held as long.
        """
        for command, package in {"qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils"}.items():
            if not shutil.which(command):
                raise OlympiasError(f"{command} is not installed: apt-get install {package}")
        host = cls()
        host.claim.wait()
        host._remove()
        image = guest_image()
        etc.write(RUN)
        host._make_homes()
        network.make()
        words = ["nsenter", f"--net={network.NAMESPACE}", "unshare", "--mount", "--uts"]
        words += ["sh", str(HERE / "root.sh"), str(RUN), str(image), str(HERE)]
        Path("/run/sshd").mkdir(exist_ok=True)
        with (RUN / "sshd.log").open("wb") as log:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
            )
        host._pid.write_text(str(process.pid))
        until(host.greets, "olympias' sshd", 20, (RUN / "sshd.log").read_text)
        if stays:
            host.claim.leave()
        return host

    def stop(self) -> None:
        """End all that runs on olympias, and take away its namespace and files, whoever started it."""
        self._remove()
        self.claim.free()

    def reset(self) -> None:
        """Bring olympias back to a Mac without VMs: its processes end, its homes are made anew."""
        self.end_all()
        self.sh("rm -rf /tmp/* /tmp/.[!.]* /Library/LaunchDaemons/* /run/launchd", user="root")
        for changed in ("pmset", "sysctl.sleep"):
            self.put(RUN / "etc" / changed, f"/etc/{changed}", user="root")
        for home in self.homes.iterdir():
            shutil.rmtree(home)
        self._make_homes()

    def end_all(self) -> None:
        """End all that runs on olympias but its sshd."""
        self._end([pid for pid in network.processes() if pid != self.pid])

    @property
    def pid(self) -> int:
        """The sshd, whose namespaces are olympias."""
        return int(self._pid.read_text()) if self._pid.exists() else 0

    def host_keys(self) -> list[str]:
        """The server's public key."""
        return [(RUN / "etc/ssh/ssh_host_ed25519_key.pub").read_text().strip()]

    def run(
        self,
        *words: str,
        user: str = "jmartin",
        path: str = LOCAL_PATH,
        env: Optional[dict[str, str]] = None,
        stdin: Optional[Path] = None,
        limit: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on olympias, past sshd, with /usr/local/bin on its PATH; its group ends at the limit."""
        with self._popen(words, user, path, env, stdin) as process:
            try:
                out, err = process.communicate(timeout=limit)
            except BaseException:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    @contextlib.contextmanager
    def running(self, *words: str, user: str = "jmartin") -> Iterator[subprocess.Popen[str]]:
        """Run a command on olympias for as long as the block lasts."""
        with self._popen(words, user, LOCAL_PATH, None, None) as process:
            try:
                yield process
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def sh(self, command: str, user: str = "jmartin", check: bool = True, stdin: Optional[Path] = None) -> str:
        """Run a shell command as a user, with the PATH of an SSH session, and return its standard output."""
        done = self.run("/bin/sh", "-c", command, user=user, path=PATH, stdin=stdin)
        if check and done.returncode:
            raise OlympiasError(f"{command}: status {done.returncode}\n{(done.stdout + done.stderr).strip()}")
        return done.stdout

    def vboxmanage(self, *words: str, user: str = "jmartin", limit: float = 120) -> subprocess.CompletedProcess[str]:
        """Run VBoxManage as a user."""
        return self.run("VBoxManage", *words, user=user, limit=limit)

    def put(self, local: Path, remote: str, user: str = "jmartin") -> None:
        """Copy a file to a path on olympias."""
        self.run("/bin/sh", "-c", 'cat >"$0"', remote, user=user, stdin=local)

    def vm(self, name: str = "osprey-service", user: str = "jmartin") -> LabVm:
        """A user's VM, there or not."""
        return LabVm(self, name, user)

    def hang_vboxmanage(self, *commands: str, user: str = "jmartin") -> None:
        """Let the user's VBoxManage stand still for ever, from its next call: these subcommands, or all."""
        self._virtualbox(user, "hang", " ".join(commands))

    def unhang_vboxmanage(self, user: str = "jmartin") -> None:
        """Let new calls of VBoxManage work again; those that hang go on hanging."""
        self.sh("rm -f Library/VirtualBox/hang", user)

    def slow_vboxmanage(self, seconds: float, user: str = "jmartin") -> None:
        """Let each call of the user's VBoxManage take so long before it answers, as on a busy Mac."""
        self._virtualbox(user, "slow", str(seconds))

    def fail_vboxmanage(self, words: str, user: str = "jmartin") -> None:
        """Let each call of the user's VBoxManage fail at once with these words."""
        self._virtualbox(user, "fail", words)

    def mend_vboxmanage(self, user: str = "jmartin") -> None:
        """Let VBoxManage be there, and answer at once."""
        self.sh("rm -f Library/VirtualBox/hang Library/VirtualBox/slow Library/VirtualBox/fail", user)
        self.sh("cd /usr/local/bin && [ -e VBoxManage ] || mv VBoxManage.away VBoxManage", "root")

    def take_vboxmanage_away(self) -> None:
        """Let there be no VBoxManage on anybody's PATH."""
        self.sh("mv /usr/local/bin/VBoxManage /usr/local/bin/VBoxManage.away", "root")

    def linger(self, seconds: float, user: str = "jmartin") -> None:
        """Let VirtualBox hold a VM's lock so long after a power-off, as it does for a second or two."""
        self._virtualbox(user, "linger", str(seconds))

    def refused(self) -> list[list[str]]:
        """The command lines, of any user, that VBoxManage and docker-machine were given and the field book lacks."""
        notes = [(program, path.read_text().splitlines()) for program, path in self._refusals()]
        return [[program, *json.loads(line)] for program, lines in notes for line in lines]

    def forgive(self) -> None:
        """Forget what was refused."""
        for _, path in self._refusals():
            path.unlink()

    def slept(self, slept: int, woke: int) -> None:
        """Let `sysctl` say when the Mac slept and woke, in seconds since 1970."""
        self.sh(f"echo {slept} {woke} >/etc/sysctl.sleep", "root")

    def _virtualbox(self, user: str, hook: str, text: str) -> None:
        self.sh(f"mkdir -p Library/VirtualBox && echo '{text}' >Library/VirtualBox/{hook}", user)

    def _refusals(self) -> Iterator[tuple[str, Path]]:
        root = Path(f"/proc/{self.pid}/root")
        for home in (*(root / "Users").iterdir(), root / "var/root"):
            yield from ((program, home / note) for program, note in NOTES.items() if (home / note).exists())

    def _popen(
        self, words: Sequence[str], user: str, path: str, env: Optional[dict[str, str]], stdin: Optional[Path]
    ) -> subprocess.Popen[str]:
        uid = USERS.get(user, 0)
        home = f"/Users/{user}" if uid else "/var/root"
        wrapper = [shutil.which("nsenter") or "nsenter", "--target", str(self.pid), "--net", "--mount", "--uts"]
        wrapper += ["/Library/Debian/bin/setpriv", f"--reuid={uid}", f"--regid={network.STAFF if uid else 0}"]
        wrapper += ["--init-groups", "/bin/sh", "-c", 'cd && exec "$@"', "sh", *words]
        with open(stdin or os.devnull, "rb") as source:
            return subprocess.Popen(
                wrapper,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env={"HOME": home, "USER": user, "LOGNAME": user, "SHELL": "/bin/bash", "PATH": path, **(env or {})},
                start_new_session=True,
            )

    @staticmethod
    def _end(pids: list[int]) -> None:
        """Kill these processes of olympias, and wait for their end."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        until(lambda: not set(pids) & set(network.processes()), "the end of olympias' processes", 20)

    def _remove(self) -> None:
        self._end(network.processes())
        network.remove()
        if RUN.exists():
            shutil.rmtree(RUN)

    def _make_homes(self) -> None:
        for user, uid in USERS.items():
            home = self.homes / user
            home.mkdir(parents=True, exist_ok=True)
            os.chown(home, uid, network.STAFF)
