"""What every test may use: `inv` in this process on simulated hosts, and `inv` as its user runs it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Union

import invoke
import pexpect
import pytest

import tasks
from ospreyops.cli import Session
from ospreyops.commandline.program import CommandLine
from ospreyops.config.configuration import Configuration
from ospreyops.console import Console
from tests.sim.host import SimHost
from tests.sim.site import sim_site

PROJECT = Path(__file__).parent.parent
# No test notes what it saw for the TAB of whoever runs it, or for a test beside it.
os.environ["XDG_CACHE_HOME"] = str(PROJECT / ".cache" / "xdg" / os.environ.get("PYTEST_XDIST_WORKER", "alone"))
os.environ["XDG_CONFIG_HOME"] = "/nonexistent"  # not the settings of whoever runs the tests


@dataclass
class Ran:
    """What a command line came to."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


class SimSession(Session):
    """A session whose hosts are simulated ones."""

    hosts: Mapping[str, SimHost] = {}

    def site(self, config: Configuration, name: str, *, verbose: bool, dry: bool) -> Any:
        return sim_site(self.hosts[name], Console(self.screen, name, verbose=verbose), dry=dry)


def simulated(*hosts: SimHost) -> CommandLine:
    """The program `inv`, for simulated hosts."""

    class Config(invoke.Config):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            session = SimSession()
            session.hosts = {host.name: host for host in hosts}
            vars(self)["osprey_session"] = session
            self.set_project_location(str(PROJECT))
            self.load_project()

    return CommandLine(namespace=tasks.ns, config_class=Config, name="inv", binary="inv")


def simulate(line: Union[str, Sequence[str]], *hosts: SimHost) -> Ran:
    """`inv LINE` on simulated hosts, in this process: simulate("deploy --version 0.3", host).

    line: its words, where one of them has blanks.
    """
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        program = simulated(*hosts)
        try:
            program.run(["inv", *(line.split() if isinstance(line, str) else line)])
        except SystemExit as end:
            code = int(end.code or 0)
    return Ran(code, out.getvalue(), err.getvalue())


@pytest.fixture
def sim() -> Callable[..., Ran]:
    """`inv LINE` on simulated hosts: sim("deploy --version 0.3", host)."""
    return simulate


class Inv:
    """`inv` as its user runs it: a process of its own, in this checkout."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = {**os.environ, **env}

    def __call__(self, *words: str, program: str = "invoke", limit: float = 180, **env: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", program, *words],
            cwd=PROJECT,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=limit,
            stdin=subprocess.DEVNULL,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def shell(self, line: str) -> str:
        """What a line prints that a maintainer types in this environment."""
        done = subprocess.run(["sh", "-c", line], env=self.env, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """The same, still running; its output is a pipe."""
        return subprocess.Popen(
            [sys.executable, "-um", "invoke", *words],
            cwd=PROJECT,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    def terminal(self, *words: str) -> pexpect.spawn[str]:
        """The same on a terminal, still running."""
        return pexpect.spawn(
            sys.executable, ["-m", "invoke", *words], cwd=str(PROJECT), env=self.env, encoding="utf-8", timeout=120
        )

    def asked(self, question: str, answer: str, *words: str) -> Ran:
        """The same on a terminal, where it asks and is answered; what it says from then on."""
        child = self.terminal(*words)
        child.expect(question)
        child.sendline(answer)
        return said(child)


def said(child: pexpect.spawn[str]) -> Ran:
    """What a program on a terminal says from now on, until it ends."""
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus is not None, "a signal ended it"
    return Ran(child.exitstatus, str(child.before), "")


@pytest.fixture
def inv() -> Inv:
    """`inv WORD …` as a process: inv("status", "-H", "nowhere")."""
    return Inv({})
