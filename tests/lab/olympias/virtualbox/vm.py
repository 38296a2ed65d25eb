"""The QEMU process of one virtual machine: start, stop, freeze, save and restore it, and forward its ports."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .qmp import Qmp, QmpError

PROGRAMS = Path("/Applications/VirtualBox.app/Contents/MacOS")
IMAGE = Path("/Applications/VirtualBox.app/Contents/Resources/image")
TAPS = range(4)
TUNSETIFF = 0x400454CA
TAP_WITHOUT_HEADER = 0x1002
KERNEL = (
    "console=ttyS0 quiet loglevel=3 mitigations=off nokaslr norandmaps no_timer_check tsc=reliable nowatchdog audit=0 "
    "apparmor=0 random.trust_cpu=on cgroup_no_v1=all net.ifnames=0 8250.nr_uarts=2 pci=lastbus=0"
)
LONG = 120
ECHO_LIMIT = 10


@dataclass(frozen=True)
class Hardware:
    """What a VM is made of; a saved state needs the same again."""

    name: str
    memory: int
    macs: tuple[str, str]
    hostonly: bool
    address: str
    keys: Optional[Path]


def wait(condition: Callable[[], object], limit: float = LONG) -> None:
    """Wait until the condition holds, up to a limit in seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the VM's process did not do its part within {limit:g} s")
        time.sleep(0.02)


class Vm:
    """The process whose files are in `folder`; QEMU removes its pidfile unless it is killed."""

    def __init__(self, folder: Path) -> None:
        """Describe the VM of this folder, running or not."""
        self.folder = folder
        self.pidfile = folder / "VBoxHeadless.pid"
        self.saved = folder / "Snapshots" / "saved.sav"
        self._socket = folder / "monitor"
        self._additions = folder / "additions"
        self._disk = folder / "system.qcow2"
        self._log = folder / "Logs" / "VBox.log"

    def pid(self) -> Optional[int]:
        """The process, if it lives."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self.pidfile.read_text())
            if str(self.pidfile).encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                return pid
        return None

    def status(self) -> str:
        """QEMU's word for what the VM does: "running", "paused", …; "" when the process is about to end."""
        with contextlib.suppress(QmpError, OSError), self.qmp() as qmp:
            return str(qmp("query-status")["status"])
        return ""

    def qmp(self) -> Qmp:
        """A connection to the process."""
        return Qmp(self._socket)

    def boot(self, hardware: Hardware, forwards: list[str]) -> None:
        """Start the process with its disk, and let it boot."""
        with self._launched(hardware) as qmp:
            self._forward(qmp, forwards)
            qmp("cont")

    def restore(self, hardware: Hardware, forwards: list[str]) -> None:
        """Start the process where its saved state left it, and let the guest set its clock."""
        with self._launched(hardware, "-incoming", "defer") as qmp:
            qmp("migrate-incoming", uri=f"exec:cat {shlex.quote(str(self.saved))}")
            wait(lambda: qmp("query-migrate").get("status") in ("completed", "failed"))
            if qmp("query-migrate")["status"] == "failed":
                raise QmpError("Failed to load unit 'cpum' (VERR_SSM_UNEXPECTED_DATA)")
            self._forward(qmp, forwards)
            qmp("cont")
        self.saved.unlink()
        self._set_clock()

    def save(self) -> None:
        """Write the VM's state to the file `saved`, and end the process."""
        self.saved.parent.mkdir(exist_ok=True)
        partial = self.saved.with_suffix(".partial")
        with self.qmp() as qmp:
            qmp("stop")
            qmp("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
            qmp("migrate", uri=f"exec:cat >{shlex.quote(str(partial))}")
            wait(lambda: qmp("query-migrate").get("status") in ("completed", "failed"))
            if qmp("query-migrate")["status"] == "failed":
                raise QmpError("the state cannot be saved")
            partial.rename(self.saved)
            self._quit(qmp)

    def stop(self) -> None:
        """Pull the plug."""
        with self.qmp() as qmp:
            self._quit(qmp)

    def turn(self, word: str, state: str) -> None:
        """Have QEMU do that, and VirtualBox's log of the VM tell of it."""
        with self.qmp() as qmp:
            qmp(word)
        with self._log.open("a") as log:
            log.write(f"Changing the VM state to '{state}'\n")

    def kill(self) -> None:
        """Kill the process, whatever it does."""
        pid = self.pid()
        if pid:
            os.kill(pid, signal.SIGKILL)
            wait(lambda: self.pid() is None)

    def _quit(self, qmp: Qmp) -> None:
        qmp("quit")
        qmp.end()
        wait(lambda: self.pid() is None)

    @contextlib.contextmanager
    def _launched(self, hardware: Hardware, *more: str) -> Iterator[Qmp]:
        """A new process that stands still, and a connection to it."""
        self._log.parent.mkdir(exist_ok=True)
        self._log.write_text("VirtualBox VM 6.1.26 r145957 darwin.amd64 log opened\n")
        for old in (self.pidfile, self._socket, self._additions):
            old.unlink(missing_ok=True)
        if not self._disk.exists():
            base = ["-F", "raw", "-b", str(IMAGE / "base.img")]
            make = [str(PROGRAMS / "qemu-img"), "create", "-q", "-f", "qcow2", *base, str(self._disk)]
            subprocess.run(make, check=True)
        with self._cable(hardware) as tap:
            command = [*self._command(hardware, tap), *more]
            done = subprocess.run(
                command, pass_fds=[tap] if tap else [], capture_output=True, text=True, timeout=LONG, check=False
            )
        if done.returncode:
            raise QmpError(done.stderr.strip())
        with self.qmp() as qmp:
            yield qmp

    def _command(self, hardware: Hardware, tap: int) -> list[str]:
        """QEMU's command line."""
        disk = f"file={self._disk},if=none,id=disk,format=qcow2,cache=unsafe"
        words = [str(PROGRAMS / "VBoxHeadless"), "-name", hardware.name, "-daemonize", "-S", "-M", "pc"]
        # What was translated once must stay: a smaller buffer (MB) is emptied with every look. And without ASLR, which
        # KERNEL turns off, a program's second process runs what was translated for the first.
        words += ["-accel", "tcg,thread=multi,tb-size=2047", "-cpu", "Nehalem"]
        # One processor, whatever was asked for: two emulated ones have lost each other's interrupts, and stood still.
        words += ["-smp", "1", "-m", str(hardware.memory), "-nodefaults", "-no-user-config"]
        words += ["-display", "none", "-rtc", "base=utc", "-device", "virtio-rng-pci"]
        words += ["-kernel", str(IMAGE / "vmlinuz"), "-initrd", str(IMAGE / "initrd.gz")]
        words += ["-append", f"{KERNEL}{_clock_rate()} hostonly={hardware.address}"]
        words += ["-drive", disk, "-device", "virtio-blk-pci,drive=disk"]
        if hardware.keys:
            words += ["-drive", f"file={hardware.keys},if=none,id=keys,format=raw,readonly=on"]
            words += ["-device", "virtio-blk-pci,drive=keys"]
        words += ["-netdev", "user,id=nat,ipv6=off", *self._card("nat", hardware.macs[0])]
        if tap:
            words += ["-netdev", f"tap,id=hostonly,fd={tap}", *self._card("hostonly", hardware.macs[1])]
        words += ["-serial", f"file:{self.folder / 'Logs' / 'console.log'}"]
        words += ["-serial", f"unix:{self._additions},server=on,wait=off"]
        words += ["-qmp", f"unix:{self._socket},server=on,wait=off", "-pidfile", str(self.pidfile)]
        return words

    @staticmethod
    def _card(network: str, mac: str) -> list[str]:
        address = ":".join(mac[i : i + 2] for i in range(0, 12, 2))
        return ["-device", f"virtio-net-pci,netdev={network},mac={address},romfile="]

    @staticmethod
    @contextlib.contextmanager
    def _cable(hardware: Hardware) -> Iterator[int]:
        """A free tap device of the host-only network, as an open file; 0 for a VM without one."""
        tap = 0
        for number in TAPS if hardware.hostonly else ():
            tap = os.open("/dev/net/tun", os.O_RDWR)
            try:
                fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", b"vboxtap%d" % number, TAP_WITHOUT_HEADER))
                break
            except OSError:
                os.close(tap)
                tap = 0
        try:
            yield tap
        finally:
            if tap:
                os.close(tap)

    @staticmethod
    def _forward(qmp: Qmp, forwards: list[str]) -> None:
        """Listen for these rules; what cannot be had, like a port in use, is not reported, as in VirtualBox."""
        for rule in forwards:
            qmp.monitor(f"hostfwd_add nat {rule}")

    def _set_clock(self) -> None:
        """Let the guest set its clock, as VBoxService does in a restored guest; its terminal echoes what it gets."""
        with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(socket.timeout):
            line.settimeout(ECHO_LIMIT)
            line.connect(str(self._additions))
            line.sendall(b"restored\n")
            line.makefile("rb").readline()


def _clock_rate() -> str:
    """What tells the guest how fast its clock ticks, where this machine is a VM itself: the rate never changes there.

    A guest that boots beside two others measured it as a fifth of what it is, and its clock ran five times too fast.
    """
    told = Path("/proc/cpuinfo").read_text()
    rate = re.search(r"^cpu MHz\s*: ([0-9.]+)$", told, re.MULTILINE)
    return f" tsc_early_khz={round(1000 * float(rate[1]))}" if rate and re.search(r"\bhypervisor\b", told) else ""


def remove(path: Path) -> None:
    """Remove a file or a folder, there or not."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
