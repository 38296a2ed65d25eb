"""The lab's Mac by hand: `up` starts it and opens a workstation's shell, `down` takes every trace of it away."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.lab.olympias import network, workstation
from tests.lab.olympias.host import RUN, Olympias
from tests.release import build

HOME = RUN / "workstation"
SCRIPT = RUN / "workstation.sh"
VERSIONS = {"0.3": ("0.3",), "0.4": ("0.4", "0.3")}
FIRST = """\
olympias is a Mac with SSH, VirtualBox and docker-machine, and without a VM. What to try first:
    inv --list
    inv --dry deploy --version 0.3 -H olympias     # what would be done
    inv deploy --version 0.3 -H olympias           # a VM is made and booted without hardware's help: 2 minutes
    inv status -H olympias
    ssh olympias uname -s                          # the Mac, as jmartin
    curl --insecure https://{address}:44342/v0.3/about
    make lab-clean                                 # takes all of it away"""


def main() -> None:
    """Start or stop olympias."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab.olympias", description=main.__doc__)
    parser.add_argument("action", choices=["up", "down"])
    {"up": up, "down": down}[parser.parse_args().action]()


def up() -> None:
    """Make sure that olympias is up, and give its workstation to who asks."""
    if not (SCRIPT.exists() and network.processes()):
        print("starting olympias (a first time builds its VM's disk and the sample releases, which takes minutes)")
        _start()
    print(FIRST.format(address=network.ADDRESS))
    if sys.stdin.isatty():
        print("olympias goes on after this shell has ended.", flush=True)
        subprocess.run(["bash", "--rcfile", str(SCRIPT), "-i"], check=False)
    else:
        print(f"The workstation's environment:\n    . {SCRIPT}")


def down() -> None:
    """Take olympias away, if it is this checkout's or nobody's."""
    host = Olympias()
    if SCRIPT.exists() or host.claim.take():
        host.stop()
    else:
        print("olympias is held by another process, perhaps a test run: left alone")


def _start() -> None:
    host = Olympias.start(stays=True)
    with tempfile.TemporaryDirectory() as folder:
        for version, protocols in VERSIONS.items():
            workstation.offer(host, build(Path(folder), version, protocols))
    environment = workstation.furnish(host, HOME)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    lines.append(f'export PATH={Path(sys.executable).parent}:"$PATH"')
    lines.append(f"cd {os.getcwd()}\nPS1='workstation$ '")
    SCRIPT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
