"""A workstation whose user deploys onto olympias: what ssh must know there, and settings for the slow lab."""

from __future__ import annotations

from pathlib import Path

from tests.lab.olympias.host import Olympias
from tests.own_ssh import path_with_own_ssh

NAME = "olympias.cs.duke.edu"  # as invoke.yaml of this checkout has it
ARCHIVE = "/Users/jmartin/releases"
HEALTH_TIMEOUT = "400"


def furnish(host: Olympias, home: Path) -> dict[str, str]:
    """Make a home that knows olympias' address, key and host keys, and return the environment for it."""
    (home / ".ssh").mkdir(parents=True)
    host.ssh_config(home / ".ssh/config", f"{host.name} {NAME}", "jmartin")
    ours = {"HOME": str(home), "PATH": path_with_own_ssh(home)}
    return {**ours, "INVOKE_OSPREY_ARCHIVE": ARCHIVE, "INVOKE_OSPREY_HEALTH_TIMEOUT": HEALTH_TIMEOUT}


def offer(host: Olympias, archive: Path) -> None:
    """Put a release archive where the tool looks for it on olympias."""
    host.sh(f"mkdir -p {ARCHIVE}")
    host.put(archive, f"{ARCHIVE}/{archive.name}")
