"""olympias as the tests hold it: start and stop it, run commands on it, and let its VirtualBox misbehave."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

from tests.lab.cache import CACHE
from tests.lab.olympias import network
from tests.lab.olympias.image import guest_image
from tests.lab.olympias.machine import LabVm
from tests.lab.ssh import SshHost, lab_key, make_key
from tests.lab.wait import until

HERE = Path(__file__).parent
RUN = CACHE / network.SPACE
# An admin with a password; an admin who needs none for sudo. Who sees only their own sees none of another olympias.
USERS = {"jmartin": 501 + 20 * network.NUMBER, "ops": 502 + 20 * network.NUMBER}
CLAIM, CLAIM_LIMIT = f"\0ospreyops-{network.SPACE}", 600
NOTES = {"VBoxManage": "Library/VirtualBox/refused", "docker-machine": ".docker/machine/refused"}
PASSWORD = "correct-horse"
PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
LOCAL_PATH = f"/usr/local/bin:{PATH}"
SSHD = """\
Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/lab.pub
SetEnv PATH={path}
PidFile none
UsePAM no
UseDNS no
StrictModes no
PrintMotd no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
Subsystem sftp internal-sftp
"""
SUDOERS = """\
Defaults env_reset, !lecture, secure_path="{path}", env_keep += "HOME MAIL"
root ALL=(ALL:ALL) ALL
%admin ALL=(ALL:ALL) ALL
ops ALL=(ALL:ALL) NOPASSWD: ALL
"""
PMSET = "standby 0\npowernap 1\ndisksleep 10\nsleep 1\nautorestart 0\nwomp 1\nhibernatemode 0\ndisplaysleep 10\n"


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
        self._claimed: Optional[socket.socket] = None

    @classmethod
    def start(cls, stays: bool = False) -> Olympias:
        """Start a fresh olympias, in place of one that no process holds, and wait for its sshd.

        stays: it goes on when this process has ended, and is held as long.
        """
        for command, package in {"qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils"}.items():
            if not shutil.which(command):
                raise OlympiasError(f"{command} is not installed: apt-get install {package}")
        host = cls()
        host._claim()
        host._remove()
        image = guest_image()
        host._write_etc()
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
            host._hold()
        return host

    def stop(self) -> None:
        """End all that runs on olympias, and take away its namespace and files, whoever started it."""
        self._remove()
        if self._claimed:
            self._claimed.close()

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

    def claims(self) -> bool:
        """Hold olympias to the end, unless another process of this machine does."""
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(CLAIM)
        except OSError:
            claim.close()
            return False
        self._claimed = claim
        return True

    def _claim(self) -> None:
        if not self.claims():
            print("another process of this machine holds olympias: waiting for its end", file=sys.stderr)
            until(self.claims, "olympias (`make lab-clean` ends the one of `make lab`)", CLAIM_LIMIT)

    def _hold(self) -> None:
        """Leave the claim to a process of olympias, which ends with it."""
        words = ["nsenter", f"--net={network.NAMESPACE}", "sleep", "infinity"]
        null = subprocess.DEVNULL
        claim = [self._claimed.fileno()] if self._claimed else []
        subprocess.Popen(words, stdin=null, stdout=null, stderr=null, pass_fds=claim, start_new_session=True, cwd="/")

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

    @staticmethod
    def _write_etc() -> None:
        """Write what root.sh puts into olympias' /etc."""
        etc = RUN / "etc"
        (etc / "ssh").mkdir(parents=True)
        (RUN / "name").write_text(network.NAME)
        make_key(etc / "ssh/ssh_host_ed25519_key")
        (etc / "ssh/lab.pub").write_text(lab_key().with_suffix(".pub").read_text())
        (etc / "ssh/sshd_config").write_text(SSHD.format(path=PATH))
        crypted = subprocess.check_output(["openssl", "passwd", "-6", PASSWORD], text=True).strip()
        accounts = {"root": (0, 0, "/var/root"), "sshd": (75, 75, "/var/empty"), "nobody": (65534, 65534, "/var/empty")}
        accounts.update({user: (uid, network.STAFF, f"/Users/{user}") for user, uid in USERS.items()})
        lines = [f"{name}:x:{uid}:{gid}::{home}:/bin/bash\n" for name, (uid, gid, home) in accounts.items()]
        (etc / "passwd").write_text("".join(lines))
        shadow = [f"{name}:{crypted if name in USERS else '*'}:19000:0:99999:7:::\n" for name in accounts]
        (etc / "shadow").write_text("".join(shadow))
        (etc / "shadow").chmod(0o600)
        members = ",".join(USERS)
        (etc / "group").write_text(f"wheel:x:0:\nstaff:x:20:{members}\nadmin:x:80:{members}\nnogroup:x:65534:\n")
        (etc / "sudoers").write_text(SUDOERS.format(path=PATH))
        (etc / "sudoers").chmod(0o440)
        (etc / "hosts").write_text(f"127.0.0.1 localhost\n{network.ADDRESS} {network.NAME}\n")
        (etc / "profile").write_text(f'PATH="{LOCAL_PATH}"\nexport PATH\n')
        (etc / "pmset").write_text(PMSET)
        (etc / "sysctl.sleep").write_text("0 0\n")
