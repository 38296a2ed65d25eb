"""The guest by SSH, through the NAT rule on 127.0.0.1, with the system's client."""

from __future__ import annotations

import os
import subprocess

from . import wait
from .errors import Failure
from .log import LOG
from .store import Machine

BEFORE = (
    *("-F", "/dev/null", "-o", "ConnectionAttempts=3", "-o", "ConnectTimeout=10", "-o", "ControlMaster=no"),
    *("-o", "ControlPath=none", "-o", "LogLevel=quiet", "-o", "PasswordAuthentication=no"),
    *("-o", "ServerAliveInterval=60", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
)
COPY = (
    *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=quiet"),
    *("-o", "IdentitiesOnly=yes", "-O"),  # the protocol of a Mac's scp; Debian's would ask for SFTP
)


def client(machine: Machine) -> list[str]:
    """The command line that enters the guest; the key must be for its owner only."""
    key = machine.driver["SSHKeyPath"]
    try:
        permissions = os.stat(key).st_mode & 0o777
    except FileNotFoundError:
        raise Failure(f"stat {key}: no such file or directory") from None
    if permissions & 0o077:
        raise Failure(f"permissions 0{permissions:o} for '{key}' are too open")
    port = str(machine.driver["SSHPort"] or 22)
    return ["ssh", *BEFORE, "docker@127.0.0.1", "-o", "IdentitiesOnly=yes", "-i", key, "-p", port]


def run(machine: Machine, line: str) -> str:
    """What a command prints in the guest, to both streams."""
    words = [*client(machine), line]
    LOG.debug(f"About to run SSH command:\n{line}", machine.name)
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        status = ended(done.returncode)
        raise Failure(f"ssh command error:\ncommand : {line}\nerr     : {status}\noutput  : {done.stdout}")
    return done.stdout


def shell(machine: Machine, words: list[str]) -> None:
    """Enter the guest, or run a command there, on this process's own streams."""
    passed_through([*client(machine), *words])


def passed_through(words: list[str]) -> None:
    """Run a program on this process's own streams; of its failure only the text tells the status."""
    code = subprocess.run(words, check=False).returncode
    if code:
        raise Failure(ended(code))


def ended(code: int) -> str:
    """How Go says that a process failed."""
    return f"exit status {code}" if code > 0 else f"signal: {-code}"


def available(machine: Machine) -> None:
    """Wait until one may enter the guest."""
    try:
        wait.until(lambda: _answers(machine))
    except Failure as failure:
        raise Failure(f"Too many retries waiting for SSH to be available.  Last error: {failure}") from None


def _answers(machine: Machine) -> bool:
    try:
        run(machine, "exit 0")
    except Failure:
        return False
    return True
