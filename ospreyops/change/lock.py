"""The lock of a host: one task at a time changes it. A Perl program on the host holds it (lock_hold.pl).

The task sends the program heartbeats. The program ends when they stop or when its input ends, so the lock is free once
a task was killed, a connection was cut or a host went down. As it ends, it appends the last record that it was sent to
the history: a task that was cut off is in there, too.
The lock is the kernel's (flock), for a Mac has no `flock` command.

A line that runs has a lock of its own, which all that it starts inherits (guard.pl). Nobody gets the host's lock while
a line of a task that lost it still goes on, and such a task begins no other line.
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
from ..remote.files import claimed, found
from ..remote.host import Host
from ..remote.perl import program
from ..remote.protocol import Guard, check_own
from ..remote.streams import Stream
from ..text import ascii_json
from .holder import Holder, RunningLine, holder_of, running_line

HEARTBEAT = 5.0
"""Seconds between two heartbeats."""
HEARTBEAT_TIMEOUT = 3 * HEARTBEAT
"""Seconds without a heartbeat after which the lock is free."""
LONGEST = 7 * 86400
"""Seconds that a lock is held at most."""
LIMIT = 15
CHATTER = 100_000
"""Bytes before a line of the lock's program that are passed over: a login shell may greet."""


@dataclass(frozen=True)
class LockState:
    """A lock that somebody holds, or a line that goes on without it, as others see it.

    held: the lock is; holder: None when the lock's file does not tell; silent: seconds since the last heartbeat;
    alive: lock_hold.pl runs; line: what runs.
    """

    holder: Optional[Holder]
    silent: int
    alive: bool
    held: bool = True
    line: Optional[RunningLine] = None


@dataclass(frozen=True)
class HeldByOther:
    """Another task has the lock, or a line of one that had it goes on.

    holder: None when the lock's file does not tell.
    """

    holder: Optional[Holder]
    line: Optional[RunningLine] = None

    def __str__(self) -> str:
        return str(self.line or self.holder or "somebody")


class LockLost(Exception):
    """The lock is not held any more. connected: the connection to the host still stands."""

    def __init__(self, why: str, *, connected: bool) -> None:
        super().__init__(why)
        self.connected = connected


class LockLease:
    """The lock, held until `end`. A thread sends the heartbeats.

    files: the folder of the lock's files on the host; quiet: seconds for which no other task has left a trace.
    """

    files: str
    quiet: float

    def __init__(self, stream: Stream, token: str, *, sudo: bool) -> None:
        self._stream, self._token, self._sudo = stream, token, sudo
        self._sending, self._over = threading.Lock(), threading.Event()
        self._read, self._owed = b"", 0
        stream.sock.settimeout(HEARTBEAT_TIMEOUT)

    def line(self, pattern: str) -> str:
        """The program's next line that matches the whole pattern.

        Errors: LockLost when the program prints no more, or as much as no such program does.
        """
        left = CHATTER
        while left > 0:
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
            left -= len(part)
        raise LockLost("it says more than a lock does", connected=True)

    @property
    def guard(self) -> Guard:
        """What the lines of the task run under."""
        return Guard(self.files, self._token, self._sudo)

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
    hold = sh(
        "exec perl -e {program} {token} {holder} {silence}",
        program=_program("lock_hold"),
        token=token,
        holder=said,
        silence=HEARTBEAT_TIMEOUT,
        limit=LONGEST,
    )
    line = Command(f'{claimed(folder)}cd "$d" && printf "files %s\\n" "$d" && {hold.line}', LONGEST, sudo, folder)
    lease = LockLease(host.stream(line), token, sudo=sudo)
    try:
        lease.files = lease.line("files .*").partition(" ")[2]
        answer = lease.line("ok -?[0-9]{1,12}[.][0-9]{3}|(held|line) .*")
    except LockLost as lost:
        if not lost.connected:
            raise Unreachable(f"the connection to {host.name} was lost", hint="run the same command again") from None
        check_own(host.name, str(lost))
        raise Blocked(
            f"{host.name} cannot be locked for a change: {lost}",
            hint=f"check that {folder} has room and that you may write to it",
        ) from None
    kind, _, rest = answer.partition(" ")
    if kind != "ok":
        lease.end(None)
        return HeldByOther(holder_of(rest)) if kind == "held" else HeldByOther(None, running_line(rest))
    lease.quiet = float(rest)
    lease.begin()
    return lease


def question(folder: str) -> Command:
    """Ask who holds the lock of a service's folder; `lock_state` reads the answer."""
    peek = sh("exec perl -e {program}", program=_program("lock_peek"), limit=LIMIT)
    return Command(f'{found(folder)}[ -d "$d" ] || {{ echo free; exit; }}; cd "$d" && {peek.line}', LIMIT)


def lock_state(answer: Answer) -> Optional[LockState]:
    """Who holds the lock; None when it is free. Errors: Blocked when the host cannot tell."""
    if not answer.ok:
        raise Blocked(f"the lock cannot be read: {answer.said}", hint="check that you may read its folder")
    line = re.search(r"^line (.*)$", answer.out, re.MULTILINE)
    running = running_line(line[1]) if line else None
    if held := re.match(r"held (-?[0-9]{1,12}) ([01]) (.*)\n", answer.out):
        return LockState(holder_of(held[3]), max(0, int(held[1])), held[2] == "1", line=running)
    return LockState(running.holder, 0, alive=False, held=False, line=running) if running else None


def ending(folder: str, process: int, *, sudo: bool, line: bool = False) -> Command:
    """End the process on the host that holds the lock, or that keeps the limit of a line which goes on."""
    name = "line_end" if line else "lock_end"
    end = sh("exec perl -e {program} {process}", program=_program(name), process=process, limit=2 * LIMIT)
    return Command(f'{found(folder)}cd "$d" && {end.line}', end.limit, sudo, folder)


def _program(name: str) -> str:
    return program(__package__, f"{name}.pl")
