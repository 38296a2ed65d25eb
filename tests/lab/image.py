"""The lab server's image: Debian's own packages, made once and cached by the recipe's hash."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
from pathlib import Path

from tests.lab.cache import CACHE, locked
from tests.lab.engine import Engine, EngineError

SETUP = Path(__file__).with_name("server-setup.sh")
REPOSITORY = "lab/server"
SUITE = "trixie"
PACKAGES = (
    "usr-is-merged,systemd-sysv,dbus,openssh-server,docker.io,docker-cli,iptables,sudo,sudo-rs,perl-base,bzip2,lbzip2,curl,"
    "openssl,iproute2,procps,tar,ca-certificates,python3,hostname,ufw,firewalld,fish,tcsh,csh,zsh"
)
UNNEEDED = (
    *("share/doc/*", "share/man/*", "share/info/*", "share/locale/*", "share/bash-completion/*"),
    *("bin/ctr", "bin/dnet", "sbin/ovrouter", "bin/containerd-shim", "bin/containerd-shim-runc-v1"),
)
MERGED_USR = "/usr/share/mmdebstrap/hooks/merged-usr"  # and so without usrmerge, which would need all of Perl
CHANGES = ("ENV container=docker", 'CMD ["/sbin/lab-init"]')


def server_image(engine: Engine) -> str:
    """Make sure the engine has the server's image, and return its name."""
    recipe = repr((SUITE, PACKAGES, UNNEEDED, CHANGES, SETUP.read_text()))
    version = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    name = f"{REPOSITORY}:{version}"
    with locked(CACHE):
        if not engine.docker("image", "ls", "--quiet", name):
            archive = CACHE / f"server-{version}.tar"
            if not archive.exists():
                _build(archive)
            old = engine.docker("image", "ls", "--quiet", REPOSITORY).split()
            if old:
                engine.docker("image", "rm", "--force", *old, check=False)
            changes = [word for change in CHANGES for word in ("--change", change)]
            engine.docker("import", *changes, str(archive), name)
    return name


def _build(archive: Path) -> None:
    """Install the packages into an archive, in place of those of other recipes."""
    if not shutil.which("mmdebstrap"):
        raise EngineError("mmdebstrap is not installed: apt-get install mmdebstrap")
    for old in CACHE.glob("server-*.tar"):
        old.unlink()
    partial = archive.with_name("partial.tar")
    command = ["mmdebstrap", "--quiet", "--variant=essential", f"--hook-dir={MERGED_USR}", f"--include={PACKAGES}"]
    command += [f"--dpkgopt=path-exclude=/usr/{path}" for path in UNNEEDED]
    command += [f'--customize-hook=sh {shlex.quote(str(SETUP))} "$1"', SUITE, str(partial)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise EngineError(f"mmdebstrap failed: {done.stderr.strip()}")
    partial.rename(archive)
