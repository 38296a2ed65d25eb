"""A host that lines run on: this computer through Invoke, any other through Fabric. Nothing else runs commands."""

from __future__ import annotations

import copy
import getpass
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, Any, Optional

import invoke

from ..console import Console
from ..errors import Blocked, Failed, OspreyError, Unreachable
from ..settings import Settings
from . import protocol, streams, sudo
from .command import Answer, Command
from .heard import PROGRESS, Answered, Counted
from .login_shell import exec_sh
from .once import once
from .protocol import Guard, new_mark
from .sessions import Sessions
from .shown import Shown
from .streams import GRACE, Begun, Local, LocalStream, RemoteStream, ShownAfter, Stream, after

LINE_BEFORE = 5
"""Seconds that a line waits at most for the one before it to end."""


class Host:
    """A computer that lines run on. Nothing is connected before the first line.

    guard: the lock under which lines that change something run; None while no task has it.
    """

    def __init__(self, settings: Settings, console: Console) -> None:
        self.name = settings.name
        self._settings = settings
        self.console = console
        self.guard: Optional[Guard] = None
        self.sessions = Sessions(settings, console)

    @property
    def here(self) -> bool:
        """The host is this computer: no SSH."""
        return self._settings.here

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers to all questions, in one round trip that takes as long as the slowest. sudo: as root.

        Errors: Unreachable; Blocked when the host cannot run them, for it lacks perl, say.
        """
        limit = max(question.limit for question in questions.values())
        user = "root" if sudo else self._owner
        words, heard = protocol.batch(questions), Answered(questions, self.console.left)
        if user or self.here:
            answer = self._execute(words, limit, {"out": heard}, user=user)
        else:
            with self._deadline(limit):
                answer = streams.listen(self.sessions.current, words, self._settings.ssh_connect_timeout, heard)
        if (found := protocol.parse_batch(answer.out)).keys() != questions.keys():
            raise protocol.no_answers(self.name, f"{len(found)} of {len(questions)}", answer, self._try)
        return found

    def run(self, command: Command) -> Answer:
        """Run a line that changes something.

        Errors: Failed when it does not exit with 0 in time; Superseded when its task lost the lock; Unreachable.
        """
        mark, begins = new_mark(), new_mark()
        words, password = self._words(command, mark, begins=begins)
        shown = [ShownAfter(self.console.lines(), begins) for _ in range(2)] if self.console.verbose else []
        taken: dict[str, IO[str]] = {"err": Counted(self.console.counted, shown[1] if shown else None)}
        taken.update({"out": shown[0]} if shown else {})
        answer = self._execute(words, command.limit + LINE_BEFORE, taken, password=password, mark=mark)
        answer = replace(answer, out=after(begins, answer.out), err=after(begins, answer.err))
        for lines in shown:
            lines.end()
        protocol.check_begun(self.name, answer)
        if answer.code == protocol.LATE and protocol.LATE_MARK in answer.err:
            raise Failed(f"ended after {command.limit:.0f} s, its limit: {command}")
        if not answer.ok:
            raise Failed(
                f"exit status {answer.code}: {answer.last_line}", evidence="\n".join(answer.said.splitlines()[-10:])
            )
        return answer

    def stream(self, command: Command) -> Stream:
        """Start a line to talk to. It ends at its limit if not before."""
        mark = new_mark()
        words, password = self._words(command, begins=mark)
        first = f"{password}\n".encode() if password else b""
        if self.here:
            return Begun(LocalStream(words, first), mark)
        with self._deadline(self._settings.ssh_connect_timeout):
            return Begun(RemoteStream(self.sessions.current, words, first, self._settings.ssh_connect_timeout), mark)

    def of_owner(self, settings: Settings) -> Host:
        """The same host and connection, where lines run as the owner that those settings name."""
        theirs = copy.copy(self)
        theirs._settings = settings  # noqa: SLF001 (a copy of this object)
        vars(Host)["sudo_password"].forget(theirs)
        return theirs

    def shell(self, command: Command) -> int:
        """The exit status of a program on the host that the user works in. Errors: Blocked without a terminal."""
        if not sys.stdin.isatty():
            raise Blocked("this needs a terminal", hint="--command 'LINE'")
        words = exec_sh(protocol.PATH + command.line)
        if user := self._user(command):
            words = f"sudo -H -u {user} {words.removeprefix('exec ')}"
        where: Any = invoke.Context() if self.here else self.sessions.current
        return int(where.run(words, pty=True, warn=True, hide=False, dry=False).exited)

    def permit(self, *, root: bool) -> bool:
        """Ask the user for what sudo will want, before a limit or another thread begins; true where that is nothing.

        root: lines run as root, too. Errors: as of sudo_password.
        """
        return not ((root or self._owner) and self.sudo_password)

    @once
    def sudo_password(self) -> str:
        """The password that sudo needs on the host, asked for once; "" when it needs none.

        Errors: Blocked when there is no terminal to ask on, or when the user may not use sudo.
        """
        first = self._execute(sudo.wanted(self._owner or "root"), 20)
        if self._owner and not first.ok and not self._execute(f"id -u {self._owner}", 20).ok:
            raise Blocked(f"there is no user {self._owner} on {self.name}", evidence=first.err)

        def check(password: str) -> Answer:
            mark = new_mark()
            return self._execute(sudo.tried(self._owner or "root", mark), 20, password=password, mark=mark)

        return sudo.asked(self.console, self._login, first, check)

    @property
    def _try(self) -> str:
        """A line for the user to see whether Perl runs there."""
        return "perl -v" if self.here else f"ssh {self._settings.ssh} perl -v"

    def shown(self) -> Optional[Shown]:
        """What its SSH server shows of itself; None for this computer."""
        return None if self.here else Shown.of(self.sessions.current)

    @once
    def jumped(self) -> bool:
        """The connection goes through another host (ProxyJump, ProxyCommand)."""
        return not self.here and bool(self.sessions.current.gateway)

    @once
    def address(self) -> str:
        """The name or IP address under which this computer reaches the host."""
        return "localhost" if self.here else str(self.sessions.current.host)

    @once
    def _here(self) -> invoke.Context:
        return invoke.Context(invoke.Config(overrides={"runners": {"local": Local}}))

    @property
    def _login(self) -> str:
        return getpass.getuser() if self.here else str(self.sessions.current.user)

    @property
    def _owner(self) -> str:
        """The user whom lines run as, through sudo; "" when that is the user who logs in."""
        return "" if self._settings.owner == self._settings.user else self._settings.owner

    def _words(self, command: Command, mark: str = "", *, begins: str = "") -> tuple[str, str]:
        """The words that run a line, and the password that sudo wants on its input, if any.

        mark: what they print when they want the password; "" where that is the first line of their input anyway.
        begins: what the line itself prints first.

        The guard runs as who took the lock. So it stands outside of root's sudo where that is the login user: root may
        have no right to the user's files, on a network file system.
        """
        user, guard = self._user(command), self.guard
        words = protocol.with_timeout(command, begins, gains=bool(user))
        if guard and guard.sudo and user != "root":
            words, user = protocol.kept(sudo.free(words, user or self._login)), "root"
        if guard and (guard.sudo or self._owner):
            words, guard = protocol.guarded(words, command, guard), None
        if user:
            words = self._sudo(words, user, mark)
        if guard:
            words = protocol.guarded(protocol.kept(words) if user else words, command, guard)
        return words, self.sudo_password if user else ""

    def _user(self, command: Command) -> str:
        return "root" if command.sudo else self._owner

    def _sudo(self, words: str, user: str, mark: str) -> str:
        if not self.sudo_password:
            return sudo.free(words, user)
        return sudo.run(words, user, mark) if mark else sudo.stream(words, user)

    def _execute(
        self,
        words: str,
        limit: float,
        taken: streams.Streams = streams.NOBODY,
        *,
        user: str = "",
        password: str = "",
        mark: str = "",
    ) -> Answer:
        """What a line says. taken: who takes its `out` and its `err` as they come."""
        if user:
            mark = new_mark()
            words, password = self._sudo(words, user, mark), self.sudo_password
        watchers = [sudo.Once(mark, password, threading.Event())] if password else []
        with self._deadline(limit):
            where = self._here if self.here else self.sessions.current
            result: Any = where.run(words, watchers=watchers, **streams.options(taken))
        return Answer(result.exited, result.stdout, PROGRESS.sub("", sudo.without(mark, result.stderr)))

    def lost(self, why: str = "") -> Unreachable:
        """What is said when the connection broke. why: what is known of it."""
        hint = "run the same command again to resume"
        return Unreachable(f"the connection to {self.name} was lost", evidence=why, hint=hint)

    @contextmanager
    def _deadline(self, limit: float) -> Iterator[None]:
        """Close the connection when the host does not end a line at its limit.

        Errors: Unreachable when the connection is lost.
        """
        if self.here:
            yield
            return
        from . import ssh

        transport = self.sessions.current.transport
        try:
            with ssh.deadline(transport, limit + GRACE) as over:
                yield
        except OspreyError:
            raise
        except Exception as error:  # noqa: BLE001 (paramiko passes on what odd bytes raise in its own code)
            raise self.lost(f"{type(error).__name__}: {error}".strip()) from None
        if over.is_set():
            raise self.lost(f"no answer within {limit + GRACE:.0f} s")
        if not transport.is_active():
            raise self.lost("it was closed while a line ran")
