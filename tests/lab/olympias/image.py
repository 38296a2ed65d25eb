"""The guest of olympias' virtual machines: kernel, initrd and disk of Debian's packages, cached by recipe."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.lab.cache import CACHE, locked

GUEST = Path(__file__).with_name("guest")
PARTS = ("setup.sh", "initrd", "init", "docker", "poweroff")
SUITE = "bookworm"
PACKAGES = (
    "usr-is-merged,busybox-static,kmod,mount,openssh-server,docker.io,iptables,sudo,acpid,iproute2,procps,curl,openssl,"
    "tar,bzip2,rsync,ca-certificates"
)
UNNEEDED = (
    *("share/doc/*", "share/man/*", "share/info/*", "share/locale/*", "share/bash-completion/*"),
    *("bin/ctr", "bin/dnet", "sbin/ovrouter", "bin/containerd-shim", "bin/containerd-shim-runc-v1"),
)
MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr"
DISK_SIZE = "20G"
# With a journal, for the lab pulls plugs; with all its tables made, so that the guest need not.
FILE_SYSTEM = ("-q", "-t", "ext4", "-i", "65536", "-m", "0", "-J", "size=32", "-E", "lazy_itable_init=0")
COMMANDS = {"mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs"}


class ImageError(RuntimeError):
    """The image cannot be made."""


def guest_image() -> Path:
    """Make sure the guest is built, and return the folder of `vmlinuz`, `initrd.gz` and `base.img`."""
    parts = [(GUEST / part).read_text() for part in PARTS]
    version = hashlib.sha256(repr((SUITE, PACKAGES, UNNEEDED, DISK_SIZE, FILE_SYSTEM, parts)).encode()).hexdigest()[:12]
    folder = CACHE / "guest" / version
    with locked(CACHE / "guest"):
        if not folder.exists():
            for old in folder.parent.glob("?" * len(version)):
                shutil.rmtree(old)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix="partial-") as partial:
                _build(Path(partial))
                (Path(partial) / "out").rename(folder)
    return folder


def _build(partial: Path) -> None:
    """Install the packages into a tree, and make the tree a disk, in the folder's `out`."""
    for command, package in COMMANDS.items():
        if not shutil.which(command):
            raise ImageError(f"{command} is not installed: apt-get install {package}")
    tree, out = partial / "tree", partial / "out"
    out.mkdir()
    setup = " ".join(shlex.quote(str(word)) for word in ("sh", GUEST / "setup.sh"))
    options = ["--quiet", "--variant=essential", f"--hook-dir={MERGED_USR}", f"--include={PACKAGES}"]
    options += [f"--dpkgopt=path-exclude=/usr/{path}" for path in UNNEEDED]
    _run("mmdebstrap", *options, f'--customize-hook={setup} "$1" {shlex.quote(str(out))}', SUITE, str(tree))
    disk = out / "base.img"
    disk.touch()
    os.truncate(disk, int(DISK_SIZE[:-1]) << 30)
    _run("mke2fs", *FILE_SYSTEM, "-d", str(tree), str(disk))


def _run(*command: str) -> None:
    """Run a command; say what it said if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise ImageError(f"{command[0]} failed: {done.stderr.strip()}")
