"""A VM of a user of olympias: made as docker-machine makes it, entered by SSH, broken as hosts break it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.wait import until

if TYPE_CHECKING:
    from tests.lab.olympias.host import Olympias

MAGIC = "boot2docker, please format-me"
DISK_MB = 20000
SSH = "-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ConnectTimeout=5"
FEATURES = (
    "firmware=bios bioslogofadein=off bioslogofadeout=off bioslogodisplaytime=0 biosbootmenu=disabled "
    "ostype=Linux26_64 acpi=on ioapic=on rtcuseutc=on natdnshostresolver1=off natdnsproxy1=on cpuhotplug=off pae=on "
    "hpet=on hwvirtex=on nestedpaging=on largepages=on vtxvpid=on accelerate3d=off boot1=dvd"
)
CARDS = (
    "nic1=nat nictype1=82540EM cableconnected1=on",
    "nic2=hostonly nictype2=82540EM nicpromisc2=deny hostonlyadapter2=vboxnet0 cableconnected2=on",
)


class VmError(RuntimeError):
    """A VM did not do what a test needs."""


class LabVm:
    """The VM of this name; it need not be there."""

    def __init__(self, host: Olympias, name: str, user: str) -> None:
        """Describe the VM of a user."""
        self.host, self.name, self.user = host, name, user
        self.store = Path(f"/Users/{user}/.docker/machine/machines/{name}")
        self.folder = self.store / name

    @property
    def files(self) -> Path:
        """The VM's folder, as this machine sees it."""
        return self.host.homes / self.folder.relative_to("/Users")

    @property
    def info(self) -> dict[str, str]:
        """What showvminfo says, without quotes."""
        lines = self.manage("showvminfo", "--machinereadable").splitlines()
        return {key.strip('"'): value.strip('"') for key, _, value in (line.partition("=") for line in lines)}

    @property
    def rules(self) -> list[str]:
        """The NAT rules, as showvminfo lists them."""
        return rules_in(self.info)

    @property
    def service_rules(self) -> list[str]:
        """The NAT rules but docker-machine's own, for its ssh."""
        return [rule for rule in self.rules if not rule.startswith("ssh,")]

    @property
    def state(self) -> str:
        """VirtualBox's word for the VM's state."""
        return self.info["VMState"]

    @property
    def address(self) -> str:
        """The guest's address on the host-only network."""
        return str(json.loads((self.files / f"{self.name}.vbox").read_text())["address"])

    @property
    def pid(self) -> int:
        """The VM's process."""
        return int((self.files / "VBoxHeadless.pid").read_text())

    @property
    def age(self) -> int:
        """The seconds since the VM's process was started."""
        return int(self.host.sh(f"ps -o etimes= -p {self.pid}", self.user))

    def manage(self, command: str, *words: str) -> str:
        """Run `VBoxManage COMMAND NAME WORD …`, which must succeed, and return its output."""
        done = self.host.vboxmanage(command, self.name, *words, user=self.user)
        if done.returncode:
            raise VmError(done.stderr.strip())
        return done.stdout

    def control(self, *words: str) -> str:
        """Run `VBoxManage controlvm NAME WORD …`."""
        return self.manage("controlvm", *words)

    def create(self, memory: int = 2048, cpus: int = 2) -> None:
        """Make the VM with the commands of docker-machine's driver, in its store, powered off."""
        self.host.sh(f"mkdir -p {self.store} && cd {self.store} && : >boot2docker.iso", self.user)
        self.host.sh(f"cd {self.store} && ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f id_rsa", self.user)
        self._make_disk()
        for words in (
            ["createvm", "--basefolder", str(self.store), "--name", self.name, "--register"],
            *(self._modify(values) for values in (FEATURES, f"cpus={cpus} memory={memory}", *CARDS)),
            ["storagectl", self.name, "--name", "SATA", "--add", "sata", "--hostiocache", "on"],
            self._attach(0, "dvddrive", "boot2docker.iso"),
            self._attach(1, "hdd", "disk.vmdk"),
        ):
            done = self.host.vboxmanage(*words, user=self.user)
            if done.returncode:
                raise VmError(done.stderr)

    def keep(self, folder: Path) -> None:
        """Copy the user's home, with the VM in a saved state, into a folder."""
        if self.state in ("running", "paused"):
            self.control("savestate")
        partial = folder.with_name("partial")
        shutil.rmtree(partial, ignore_errors=True)
        _copy(self.host.homes / self.user, partial)
        partial.rename(folder)

    def bring(self, folder: Path) -> None:
        """Replace the user's home by a kept one, once all that runs on olympias has ended."""
        self.host.end_all()
        home = self.host.homes / self.user
        shutil.rmtree(home)
        _copy(folder, home)

    def start(self) -> None:
        """Start the VM and wait until one may enter the guest and its dockerd answers."""
        self.manage("startvm", "--type", "headless")
        self.wait()

    def wait(self, command: str = "docker version", limit: float = 120) -> None:
        """Wait until the guest's sshd answers, and the command succeeds there."""
        until(self._greets, f"{self.name}'s sshd", limit, self.console)
        until(lambda: self._answers(command), f"`{command}` on {self.name}", limit, self.console)

    def ssh(self, command: str) -> str:
        """Run a command in the guest as docker, over the host-only network."""
        done = self._ssh(command)
        if done.returncode:
            raise VmError(f"{command}: status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def clock(self) -> float:
        """By how many seconds the guest's clock is ahead of the host's, to about a second."""
        return float(self.ssh("/bin/date +%s.%N")) - time.time()

    def set_clock(self, ahead: float) -> None:
        """Set the guest's clock ahead of the host's, or with a negative number behind, to about a second."""
        self.ssh(f"sudo date -u -s @$(($(date +%s) + {round(ahead - self.clock())}))")

    def console(self) -> str:
        """The end of what the guest's kernel said."""
        with contextlib.suppress(OSError):
            return (self.files / "Logs/console.log").read_text(errors="replace")[-2000:]
        return ""

    def kill(self) -> None:
        """Kill the VM's process, so that the VM is aborted."""
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{pid}").exists(), "the end of the VM's process", 10)

    def power_off(self) -> None:
        """Pull the plug."""
        self.control("poweroff")

    def freeze(self) -> None:
        """Let the VM's process stand still: VBoxManage waits for it as long as that lasts."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        os.kill(self.pid, signal.SIGCONT)

    def move(self, address: str) -> None:
        """Give the VM another address on the host-only network from its next boot, as DHCP may."""
        file = self.files / f"{self.name}.vbox"
        file.write_text(json.dumps({**json.loads(file.read_text()), "address": address}))

    def host_suspend(self) -> None:
        """Pause the VM as VirtualBox does when the Mac goes to sleep: a client's resume is refused."""
        self.control("pause")
        self._hook("suspended-by-host", "")

    def host_resume(self) -> None:
        """Resume the VM as VirtualBox does when the Mac has woken."""
        self._unhook("suspended-by-host")
        self.control("resume")

    def force_state(self, state: str) -> None:
        """Let VirtualBox say a state that it cannot get out of, like `gurumeditation` or `stopping`."""
        self._hook("state.forced", state)

    def _hook(self, name: str, text: str) -> None:
        self.host.sh(f"echo '{text}' >{self.folder}/{name}", self.user)

    def _unhook(self, name: str) -> None:
        self.host.sh(f"rm {self.folder}/{name}", self.user)

    def _modify(self, values: str) -> list[str]:
        pairs = (value.partition("=") for value in values.split())
        return ["modifyvm", self.name, *(word for name, _, value in pairs for word in (f"--{name}", value))]

    def _attach(self, port: int, kind: str, medium: str) -> list[str]:
        place = ["--storagectl", "SATA", "--port", str(port), "--device", "0", "--type", kind]
        return ["storageattach", self.name, *place, "--medium", str(self.store / medium)]

    def _make_disk(self) -> None:
        """Make the disk that holds the key, a tar archive in place of a file system, as boot2docker wants it."""
        convert = f"/usr/local/bin/VBoxManage convertfromraw stdin disk.vmdk {DISK_MB << 20} --format VMDK"
        self.host.sh(
            f"cd {self.store} && umask 077 && mkdir -p disk/.ssh && printf '{MAGIC}' >'disk/{MAGIC}' && "
            f"cp id_rsa.pub disk/.ssh/authorized_keys && tar -cf - -C disk '{MAGIC}' .ssh | {convert} && rm -r disk",
            self.user,
        )

    def _greets(self) -> bool:
        listen = f"exec 3<>/dev/tcp/{self.address}/22 && head -c 4 <&3"
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.host.run("/bin/bash", "-c", listen, user=self.user, limit=5).stdout == "SSH-"
        return False

    def _answers(self, command: str) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._ssh(command).returncode == 0
        return False

    def _ssh(self, command: str) -> subprocess.CompletedProcess[str]:
        words = ["ssh", *SSH.split(), "-i", str(self.store / "id_rsa"), f"docker@{self.address}", command]
        return self.host.run(*words, user=self.user, limit=60)


def rules_in(info: dict[str, str]) -> list[str]:
    """The NAT rules of what showvminfo says."""
    return [value for key, value in info.items() if key.startswith("Forwarding(")]


def _copy(source: Path, target: Path) -> None:
    """Copy a home with its owners and holes."""
    subprocess.run(["cp", "-a", "--sparse=always", str(source), str(target)], check=True)
