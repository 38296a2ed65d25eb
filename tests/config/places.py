"""A user with a home, a checkout and a shell of their own, where each command is a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pexpect

from tests.conftest import PROJECT, Ran

COMMANDS = {
    "inv": ["-m", "invoke"],
    "fab": ["-m", "fabric", "-c", "tasks"],
    "ospreyops": ["-m", "ospreyops.main"],
}


@dataclass
class User:
    """Their folder; env: variables of their shell."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make a home, and a checkout that has this one's tasks."""
        self.home, self.checkout = self.folder / "home", self.folder / "checkout"
        for made in (self.home / ".config", self.checkout / "docs"):
            made.mkdir(parents=True)
        (self.checkout / "tasks.py").write_text((PROJECT / "tasks.py").read_text())
        self.file = self.home / ".config/ospreyops.yaml"

    def _whole(self) -> dict[str, str]:
        ours = {"HOME": str(self.home), "PYTHONPATH": str(PROJECT), "XDG_CONFIG_HOME": "", "COLUMNS": "80"}
        return {**os.environ, **ours, **self.env}

    def run(self, *words: str, command: str = "ospreyops", folder: str = "") -> Ran:
        """Run a command in the checkout, or in a folder of it."""
        done = subprocess.run(
            [sys.executable, *COMMANDS[command], *words],
            cwd=self.checkout / folder,
            env=self._whole(),
            capture_output=True,
            text=True,
            timeout=100,
            stdin=subprocess.DEVNULL,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def terminal(self, *words: str) -> pexpect.spawn[str]:
        """Run the command on a terminal of 80 columns and 24 lines."""
        line = [*COMMANDS["ospreyops"], *words]
        where = str(self.checkout)
        return pexpect.spawn(
            sys.executable, line, cwd=where, env=self._whole(), encoding="utf-8", timeout=60, dimensions=(24, 80)
        )

    def told(self, *words: str) -> dict[str, Any]:
        """What `config --json` says of the settings."""
        found: dict[str, Any] = json.loads(self.run("config", "--json", *words).out)
        return found
