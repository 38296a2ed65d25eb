"""The lock of a host: one task at a time changes it. A Perl program on the host holds it (lock_hold.pl).

The task sends the program heartbeats. The program ends when they stop or when its input ends, so the lock is free once
a task was killed, a connection was cut or a host went down. As it ends, it appends the last record that it was sent to
the history: a task that was cut off is in there, too.
The lock is the kernel's (flock), for a Mac has no `flock` command.
"""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional, Union

from ..errors import Blocked, Unreachable
from ..remote.command import Answer, Command, sh
from ..remote.host import Host
from ..remote.perl import program
from ..remote.streams import Stream
from ..settings import FILES
from ..text import ascii_json, local_time, parse_object

HEARTBEAT = 5.0
"""Seconds between two heartbeats."""
HEARTBEAT_TIMEOUT = 3 * HEARTBEAT
"""Seconds without a heartbeat after which the lock is free."""
LONGEST = 7 * 86400
"""Seconds that a lock is held at most."""
LIMIT = 15


@dataclass(frozen=True)
class Holder:
    """Who holds the lock, as the holder's task wrote it into the lock's file.

    pid: of the task, on that computer; perl: the process on the host that holds the lock, 0 when it is not known.
    """

    who: str
    computer: str
    pid: int
    since: str
    task: str
    perl: int = 0

    def __str__(self) -> str:
        return f"{self.who}@{self.computer}: {self.task}, since {local_time(self.since)} (pid {self.pid})"


@dataclass(frozen=True)
class LockState:
    """A lock that somebody holds, as others see it.

    holder: None when the lock's file does not tell; silent: seconds since the last heartbeat; alive: lock_hold.pl runs.
    """

    holder: Optional[Holder]
    silent: int
    alive: bool


@dataclass(frozen=True)
class HeldByOther:
    """Another task has the lock. holder: None when the lock's file does not tell."""

    holder: Optional[Holder]

    def __str__(self) -> str:
        return str(self.holder or "somebody")


class LockLost(Exception):
    """The lock is not held any more. connected: the connection to the host still stands."""

    def __init__(self, why: str, *, connected: bool) -> None:
        super().__init__(why)
        self.connected = connected


class LockLease:
    """The lock, held until `end`. A thread sends the heartbeats."""

    def __init__(self, stream: Stream, token: str) -> None:
        self._stream, self._token = stream, token
        self._sending, self._over = threading.Lock(), threading.Event()
        self._read, self._owed = b"", 0
        stream.sock.settimeout(HEARTBEAT_TIMEOUT)

    def line(self, pattern: str) -> str:
        """The program's next line that matches the whole pattern. Errors: LockLost when the program prints no more."""
        while True:
            line, end, rest = self._read.partition(b"\n")
            if end:
                self._read = rest
                if re.fullmatch(pattern, text := line.decode(errors="replace")):
                    return text
                continue
            try:
                part = self._stream.sock.recv(65536)
            except (OSError, EOFError):
                part = b""
            if not part:
                ended = self._stream.finish()
                raise LockLost(ended.said, connected=ended.code >= 0)
            self._read += part

    def begin(self) -> None:
        """Start the heartbeats."""
        threading.Thread(target=self._beat, daemon=True).start()

    def tell(self, record: Mapping[str, Any]) -> None:
        """Send the host the record as it is now. The next `assert_held` tells whether it arrived."""
        line = f"{self._token} {json.dumps(record)}\n".encode()
        self._owed += 1
        try:
            with self._sending:
                self._stream.sock.sendall(line)
        except (OSError, EOFError):
            pass

    def assert_held(self) -> None:
        """Wait until the host has all records: the lock is held then. Errors: LockLost."""
        while self._owed:
            self.line("told")
            self._owed -= 1

    def end(self, record: Optional[Mapping[str, Any]]) -> Answer:
        """Free the lock, and leave the record in the history. The answer is how the program on the host ended."""
        self._over.set()
        if record:
            self.tell(record)
        return self._stream.finish()

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT):
            try:
                with self._sending:
                    self._stream.sock.sendall(b"\n")
            except (OSError, EOFError):
                return


def take(host: Host, folder: str, holder: Holder, *, sudo: bool) -> Union[LockLease, HeldByOther]:
    """Take the lock of a service's folder, unless another task has it.

    Errors: Blocked when the host cannot be locked at all; Unreachable.
    """
    token = secrets.token_hex(8)
    said = ascii_json({key: value for key, value in vars(holder).items() if key != "perl"})
    line = sh(
        "umask 022 && mkdir -p {files} && cd {files} && exec perl -e {program} {token} {holder} {silence}",
        files=f"{folder}/{FILES}",
        program=_program("hold"),
        token=token,
        holder=said,
        silence=HEARTBEAT_TIMEOUT,
        limit=LONGEST,
        sudo=sudo,
    )
    lease = LockLease(host.stream(line), token)
    try:
        answer = lease.line("ok|held .*")
    except LockLost as lost:
        if not lost.connected:
            raise Unreachable(f"the connection to {host.name} was lost", hint="run the same command again") from None
        raise Blocked(
            f"{host.name} cannot be locked for a change: {lost}",
            hint=f"check that {folder} has room and that you may write to it",
        ) from None
    if answer != "ok":
        lease.end(None)
        return HeldByOther(holder_of(answer.partition(" ")[2]))
    lease.begin()
    return lease


def question(folder: str) -> Command:
    """Ask who holds the lock of a service's folder; `lock_state` reads the answer."""
    files = f"{folder}/{FILES}"
    return sh(
        "[ -d {files} ] || { echo free; exit; }; cd {files} && exec perl -e {program}",
        files=files,
        program=_program("peek"),
        limit=LIMIT,
    )


def lock_state(answer: Answer) -> Optional[LockState]:
    """Who holds the lock; None when it is free. Errors: Blocked when the host cannot tell."""
    if not answer.ok:
        raise Blocked(f"the lock cannot be read: {answer.said}", hint="check that you may read its folder")
    found = re.fullmatch(r"held (-?\d+) ([01]) (.*)\n", answer.out)
    return LockState(holder_of(found[3]), max(0, int(found[1])), found[2] == "1") if found else None


def ending(folder: str, process: int, *, sudo: bool) -> Command:
    """End the process on the host that holds the lock."""
    return sh(
        "cd {files} && exec perl -e {program} {process}",
        files=f"{folder}/{FILES}",
        program=_program("end"),
        process=process,
        limit=LIMIT,
        sudo=sudo,
    )


def holder_of(text: str) -> Optional[Holder]:
    """The holder that the text of the lock's file names; None when it names none."""
    found = parse_object(text)
    try:
        return Holder(**{key: kind(found[key]) for key, kind in KINDS.items()})
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _program(name: str) -> str:
    return program(__package__, f"lock_{name}.pl")


KINDS = {"who": str, "computer": str, "pid": int, "since": str, "task": str, "perl": int}
