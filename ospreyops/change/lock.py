"""One change of a host at a time: its lock, held by a Perl program there for as long as it hears of who changes it.

The lock is the kernel's (flock), so it ends with the program, and that ends with its input: a task that was killed, a
connection that was cut or a host that went down leave nothing locked. Whoever falls silent is given up, too.
As it ends, the program appends the last record that it was told to the history: that a task was cut off is in there.
None of the programs has a newline or an exclamation mark: a login shell may be csh (and a Mac has no `flock`).
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
from ..remote.streams import Stream
from ..settings import FILES
from ..text import ascii_json, local_time, parse_object

HEARTBEAT = 5.0
"""Seconds between two signs of life."""
HEARTBEAT_TIMEOUT = 3 * HEARTBEAT
"""Seconds without one after which the lock is freed."""
LONGEST = 7 * 86400
LIMIT = 15
HOLD = (
    "use Fcntl qw(:flock); use Errno qw(EWOULDBLOCK); use IO::Handle; "
    "my($t,$j,$s)=@ARGV; my($mine,$over,$last,$b)=(0,0,undef,q()); "
    "$SIG{PIPE}=q(IGNORE); $SIG{$_}=sub{$over=1} for qw(TERM HUP INT); "
    "my $say=sub{syswrite STDOUT,qq(\\n@_\\n)}; my $stop=sub{die qq(@_: ).$^E.qq(\\n)}; "
    "open my $f,q(+>>),q(lock) or $stop->(q(lock)); "
    "for(1..5){last if $mine=flock $f,LOCK_EX|LOCK_NB; $stop->(q(lock)) unless $^E==EWOULDBLOCK; "
    "select undef,undef,undef,.05} "
    "unless($mine){seek $f,0,0; my $w=<$f> // q(); chomp $w; $say->(qq(held $w)); exit} "
    'truncate $f,0; chop $j; syswrite $f,$j.q(,"perl":).$$.qq(}\\n); $say->(q(ok)); '
    "until($over){my $r=q(); vec($r,0,1)=1; my $n=select($r,undef,undef,$s); next if $n<0; "
    "last unless $n and sysread STDIN,my $x,65536; $b.=$x; utime undef,undef,q(lock); "
    "while($b=~s/^([^\\n]*)\\n//){my $l=$1; next if index $l,qq($t ); $last=substr $l,1+length $t; $say->(q(told))}} "
    "if(defined $last){open my $h,q(+>>),q(history.jsonl) or $stop->(q(history)); my $c=qq(\\n); "
    "sysseek $h,-1,2 and sysread $h,$c,1; my $l=($c eq qq(\\n) ? q() : qq(\\n)).$last.qq(\\n); "
    "my $w=syswrite $h,$l; $stop->(q(history)) unless defined $w and $w==length $l; $h->sync} truncate $f,0"
)
"""ARGV: a token that each record begins with (a password on the same input has it not), the holder, the silence."""
PEEK = (
    "use Fcntl qw(:flock); use Errno qw(ENOENT); open my $f,q(<),q(lock) or do{ "
    "die qq(lock: ).$^E.qq(\\n) unless $^E==ENOENT; print qq(free\\n); exit}; "
    "if(flock $f,LOCK_SH|LOCK_NB){print qq(free\\n); exit} my $w=<$f> // q(); chomp $w; "
    'my($p)=$w=~/"perl":(\\d+)/; my $c=$p ? qx(ps -ww -o args= -p $p) : q(); '
    "print q(held ),time-(stat $f)[9],q( ),(index($c,q(history.jsonl))<0 ? 0 : 1),qq( $w\\n)"
)
END = (
    "use Fcntl qw(:flock); my($p)=@ARGV; open my $f,q(<),q(lock) or die qq(lock: ).$^E.qq(\\n); "
    "my $free=sub{for(1..shift){return 1 if flock $f,LOCK_SH|LOCK_NB; select undef,undef,undef,.1} 0}; "
    'exit if $free->(1); my $w=<$f> // q(); die qq(another holds it now\\n) if index($w,qq("perl":$p}))<0; '
    "die qq(process $p does not hold it\\n) if index(qx(ps -ww -o args= -p $p),q(history.jsonl))<0; "
    "for(qw(TERM KILL)){kill $_,$p; exit if $free->(20)} die qq(process $p does not end\\n)"
)
"""ARGV: the process that is to end; it is ended only if it is the one that holds the lock."""


@dataclass(frozen=True)
class Holder:
    """Who holds the lock, as they say it; perl: the process on the host that holds it, 0 when that is not known."""

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
    """The lock as somebody else sees it. silent: seconds since the last sign of life; alive: its process is there."""

    holder: Optional[Holder]
    silent: int
    alive: bool


class LockLost(Exception):
    """The lock is not held any more; connected: the host is still there."""

    def __init__(self, why: str, *, connected: bool) -> None:
        super().__init__(why)
        self.connected = connected


class LockLease:
    """The lock, held until `end`; a thread gives the signs of life."""

    def __init__(self, stream: Stream, token: str) -> None:
        self._stream, self._token = stream, token
        self._sending, self._over = threading.Lock(), threading.Event()
        self._read, self._owed = b"", 0
        stream.sock.settimeout(HEARTBEAT_TIMEOUT)

    def line(self, pattern: str) -> str:
        """The next line it says that matches the whole pattern, passing over others; Lost when it says no more."""
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
        """Start giving signs of life."""
        threading.Thread(target=self._beat, daemon=True).start()

    def tell(self, record: Mapping[str, Any]) -> None:
        """Leave what is so far with the host; whether it arrives, the next `assert_held` tells."""
        line = f"{self._token} {json.dumps(record)}\n".encode()
        self._owed += 1
        try:
            with self._sending:
                self._stream.sock.sendall(line)
        except (OSError, EOFError):
            pass

    def assert_held(self) -> None:
        """The host has it all, and so the lock is held; Lost when it is not."""
        while self._owed:
            self.line("told")
            self._owed -= 1

    def end(self, record: Optional[Mapping[str, Any]]) -> Answer:
        """Free the lock, with the record as the history's next line; what the program came to."""
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


def take(host: Host, folder: str, holder: Holder, *, sudo: bool) -> Union[LockLease, Holder, None]:
    """Take the lock of a service's folder: it is held, or who holds it (None: somebody unknown).

    Errors: Blocked when there can be no lock at all; Unreachable.
    """
    token = secrets.token_hex(8)
    said = ascii_json({key: value for key, value in vars(holder).items() if key != "perl"})
    line = sh(
        "umask 022 && mkdir -p {files} && cd {files} && exec perl -e {program} {token} {holder} {silence}",
        files=f"{folder}/{FILES}",
        program=HOLD,
        token=token,
        holder=said,
        silence=HEARTBEAT_TIMEOUT,
        limit=LONGEST,
        sudo=sudo,
    )
    hold = LockLease(host.stream(line), token)
    try:
        answer = hold.line("ok|held .*")
    except LockLost as lost:
        if not lost.connected:
            raise Unreachable(f"the connection to {host.name} was lost", hint="the same command again") from None
        raise Blocked(
            f"{host.name} cannot be locked for a change: {lost}",
            hint=f"is there room in {folder}, and may it be written?",
        ) from None
    if answer != "ok":
        hold.end(None)
        return holder_of(answer.partition(" ")[2])
    hold.begin()
    return hold


def question(folder: str) -> Command:
    """Ask who holds the lock of a service's folder."""
    files = f"{folder}/{FILES}"
    return sh(
        "[ -d {files} ] || { echo free; exit; }; cd {files} && exec perl -e {peek}", files=files, peek=PEEK, limit=LIMIT
    )


def lock_state(answer: Answer) -> Optional[LockState]:
    """Who holds the lock, from the answer to `question`; None when it is free. Errors: Blocked."""
    if not answer.ok:
        raise Blocked(f"the lock cannot be seen: {answer.said}", hint="may its folder be read?")
    found = re.fullmatch(r"held (-?\d+) ([01]) (.*)\n", answer.out)
    return LockState(holder_of(found[3]), max(0, int(found[1])), found[2] == "1") if found else None


def ending(folder: str, process: int, *, sudo: bool) -> Command:
    """End the process on the host that holds the lock."""
    line = "cd {files} && exec perl -e {end} {process}"
    return sh(line, files=f"{folder}/{FILES}", end=END, process=process, limit=LIMIT, sudo=sudo)


def holder_of(text: str) -> Optional[Holder]:
    """The holder that the lock's file tells; None when it tells none."""
    found = parse_object(text)
    try:
        return Holder(**{key: kind(found[key]) for key, kind in KINDS.items()})
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


KINDS = {"who": str, "computer": str, "pid": int, "since": str, "task": str, "perl": int}
