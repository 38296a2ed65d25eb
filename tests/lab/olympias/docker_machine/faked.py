"""A user of docker-machine whose VBoxManage and ssh are fakes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.lab.olympias.docker_machine.recordings import Ended

FAKES = Path(__file__).with_name("fake")
NAME = "osprey-service"
STORE = ".docker/machine"


class User:
    """A user's home, and what the fakes keep."""

    def __init__(self, home: Path) -> None:
        self.home, self.kept, self.store = home, home / "fake", home / STORE
        self.kept.mkdir(exist_ok=True)
        self.env = {"HOME": str(home), "USER": "jmartin", "PATH": f"{FAKES}:/usr/bin:/bin", "FAKE": str(self.kept)}
        self.env["SHELL"] = "/bin/bash"

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start docker-machine, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "docker_machine", *words],
            cwd=FAKES.parents[1],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, stdin: str = "", limit: float = 30) -> Ended:
        """Run docker-machine; subprocess.TimeoutExpired if it is not done within the limit."""
        with self.start(*words) as process:
            try:
                out, err = process.communicate(stdin, timeout=limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        assert "Traceback" not in err, err
        return Ended(process.returncode, out, err)

    def is_so(self, *facts: str) -> None:
        """Let the fakes find these facts, like `hang`; a word with `=` writes a file."""
        for fact in facts:
            name, _, text = fact.partition("=")
            (self.kept / name).write_text(text)

    def calls(self) -> list[str]:
        """What VBoxManage and the guest were asked."""
        path = self.kept / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def refused(self) -> list[list[str]]:
        """The command lines that are not in the field book."""
        path = self.store / "refused"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
