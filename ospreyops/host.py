"""The only module that runs commands: on this computer through Invoke, on any other through Fabric."""

from __future__ import annotations

import copy
import getpass
import re
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Optional, Protocol

import invoke
from invoke.exceptions import ThreadException

from . import limits
from .command import Answer, Command
from .errors import Blocked, Failed, Unreachable
from .settings import Settings

if TYPE_CHECKING:
    from .console import Console

GRACE = 20
"""Seconds beyond a line's limit after which its connection is given up."""
PROMPT = "ospreyops-sudo-password:"


class Stream(Protocol):
    """A running line that is talked to: a socket on its standard input and output."""

    sock: Any

    def finish(self) -> Answer:
        """End its input and wait for its end; out is empty, for it was read from the socket."""


class Host:
    """A computer that lines run on. Nothing is connected before the first line."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self.name = settings.name
        self._settings = settings
        self._console = console

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers to all questions, in one round trip that takes as long as the slowest; sudo: asked as root.

        Errors: Unreachable; Blocked when the host cannot run questions at all.
        """
        limit = max(question.limit for question in questions.values())
        answer = self._execute(limits.asked(questions), limit, user="root" if sudo else self._owner)
        found = limits.answers(answer.out)
        if missing := questions.keys() - found.keys():
            raise Blocked(
                f"{self.name} did not answer {', '.join(sorted(missing))}", evidence=answer.said, hint="perl and sh"
            )
        return found

    def run(self, command: Command) -> Answer:
        """The answer to a line that changes something; Failed when it does not exit with 0 in time."""
        answer = self._execute(limits.limited(command), command.limit, user=self._user(command), show=True)
        if answer.code == limits.LATE and limits.LATE_MARK in answer.err:
            raise Failed(f"not done within {command.limit:.0f} s, and ended: {command}")
        if not answer.ok:
            raise Failed(
                f"exit status {answer.code}: {_last_line(answer)}", evidence="\n".join(answer.said.splitlines()[-10:])
            )
        return answer

    def stream(self, command: Command) -> Stream:
        """Start a line and talk to it; it ends when its input does, or at its limit."""
        words, first, user = limits.limited(command), b"", self._user(command)
        if user:
            words = self._sudo(words, user)
            first = (self.sudo_password + "\n").encode() if self.sudo_password else b""
        if self._settings.here:
            return LocalStream(words, first)
        with self._watched(self._settings.connect_limit):
            return RemoteStream(self._connection, words, first, self._settings.connect_limit)

    def follow(self, command: Command) -> None:
        """Show what a line goes on printing, until it ends or Ctrl-C, which ends it on the host, too."""
        stream = self.stream(replace(command, line=f"{command.line} & p=$!; cat >/dev/null; kill $p"))
        lines = self._console.lines(indent="")
        try:
            while part := stream.sock.recv(65536):
                lines.write(part.decode(errors="replace"))
        except KeyboardInterrupt:
            return
        finally:
            ended = stream.finish()
        if ended.code < 0:
            raise self._lost()

    def of_owner(self, settings: Settings) -> Host:
        """The same host and connection, with lines that run as the owner of those settings."""
        theirs = copy.copy(self)
        theirs._settings = settings
        vars(theirs).pop("sudo_password", None)
        return theirs

    def shell(self, line: str) -> None:
        """Let the user work in a program on the host, on this terminal. Errors: Blocked without one; Failed."""
        if not sys.stdin.isatty():
            raise Blocked("there is no terminal to work on", hint="--command 'LINE'")
        words = "exec /bin/sh -c " + shlex.quote(limits.PATH + f"exec {line}")
        if self._owner:
            words = f"sudo -H -u {self._owner} {words.removeprefix('exec ')}"
        where = invoke.Context() if self._settings.here else self._connection
        result: Any = where.run(words, pty=True, warn=True, hide=False, dry=False)
        if result.exited:
            raise Failed(f"exit status {result.exited}: {line}")

    @cached_property
    def sudo_password(self) -> str:
        """What sudo wants here, asked for once; "" when it wants none. Blocked without a terminal or the right."""
        free = self._execute(f"sudo -k -n -u {self._owner or 'root'} true", 20)
        if free.ok:
            return ""
        user = self._execute("id -un", 20).out.strip()
        for _ in range(3):
            if not sys.stdin.isatty():
                raise Blocked(
                    f"sudo on {self.name} wants a password of {user}, and there is no terminal to ask for it on",
                    evidence=free.err,
                    hint="the same command in a terminal, or a sudoers rule with NOPASSWD",
                )
            with self._console.paused():
                password = getpass.getpass(f"[sudo] password for {user} on {self.name}: ")
            answer = self._execute(f"sudo -k -S -p {PROMPT} -u {self._owner or 'root'} true", 20, password=password)
            if answer.ok:
                return password
            if re.search("not in the sudoers|may not run|not allowed", answer.err):
                break
        raise Blocked(f"{user} may not use sudo on {self.name}", evidence=answer.err.replace(PROMPT, ""))

    @cached_property
    def jumped(self) -> bool:
        """The connection goes through another host (ProxyJump, ProxyCommand)."""
        return not self._settings.here and self._connection.gateway is not None

    @cached_property
    def address(self) -> str:
        """Where the host is, as this workstation reaches it."""
        return "localhost" if self._settings.here else str(self._connection.host)

    @cached_property
    def _connection(self) -> Any:
        from . import ssh

        return ssh.connect(self._settings)

    @cached_property
    def _here(self) -> invoke.Context:
        return invoke.Context(invoke.Config(overrides={"runners": {"local": Local}}))

    @property
    def _owner(self) -> str:
        """Whom lines run as, through sudo; "" when that is the user who logs in."""
        return "" if self._settings.owner == self._settings.user else self._settings.owner

    def _user(self, command: Command) -> str:
        return "root" if command.sudo else self._owner

    def _sudo(self, words: str, user: str) -> str:
        how = f"-k -S -p {PROMPT}" if self.sudo_password else "-k -n"
        return f"sudo {how} {'' if user == 'root' else f'-H -u {user} '}{words.removeprefix('exec ')}"

    def _execute(self, words: str, limit: float, *, user: str = "", show: bool = False, password: str = "") -> Answer:
        if user:
            words, password = self._sudo(words, user), self.sudo_password
        options: dict[str, Any] = {
            "warn": True,
            "pty": False,
            "in_stream": False,
            "echo": False,
            "dry": False,
            "hide": True,
        }
        if password:
            options["watchers"] = [invoke.Responder(PROMPT, password + "\n")]
        shown = [self._console.lines(), self._console.lines()] if show and self._console.verbose else []
        if shown:
            options.update(hide=False, out_stream=shown[0], err_stream=shown[1])
        with self._watched(limit):
            result: Any = (self._here if self._settings.here else self._connection).run(words, **options)
        for lines in shown:
            lines.end()
        return Answer(result.exited, result.stdout, result.stderr.replace(PROMPT, ""))

    def _lost(self, why: str = "") -> Unreachable:
        return Unreachable(
            f"the connection to {self.name} was lost",
            evidence=why,
            hint="the same command again: it goes on from where the host is",
        )

    @contextmanager
    def _watched(self, limit: float) -> Iterator[None]:
        """Give a remote line up when neither it nor its limit on the host end it; Unreachable says so."""
        if self._settings.here:
            yield
            return
        from paramiko import SSHException

        from . import ssh

        transport = self._connection.transport
        try:
            with ssh.closed_after(transport, limit + GRACE) as over:
                yield
        except (OSError, EOFError, SSHException, ThreadException) as error:
            raise self._lost(f"{type(error).__name__}: {error}".strip()) from None
        if over.is_set():
            raise self._lost(f"neither an answer nor an end within {limit + GRACE:.0f} s")
        if not transport.is_active():
            raise self._lost("it was closed in the middle of a line")


def _last_line(answer: Answer) -> str:
    return (answer.said.splitlines() or ["it said nothing"])[-1]


class Local(invoke.Local):
    """Invoke's runner, which on Ctrl-C stops waiting: the line's own process group is ended by its limit's Perl."""

    def send_interrupt(self, interrupt: KeyboardInterrupt) -> None:
        """Raise it, as Fabric's remote runner does."""
        raise interrupt


class LocalStream:
    """A line on this computer, talked to through a socket pair."""

    def __init__(self, words: str, first: bytes) -> None:
        self.sock, theirs = socket.socketpair()
        self._err: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by finish)
        with theirs:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", words],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=self._err,
                start_new_session=True,
            )
        self.sock.sendall(first)

    def finish(self) -> Answer:
        """End its input and wait for its end; killed when that takes long."""
        self.sock.close()
        try:
            code = self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._err.seek(0)
        return Answer(code, err=self._err.read().decode(errors="replace"))


class RemoteStream:
    """A line on another computer, talked to through a channel of the connection that is already open."""

    def __init__(self, connection: Any, words: str, first: bytes, limit: float) -> None:
        self.sock = connection.transport.open_session(timeout=limit)
        self.sock.exec_command(words)
        self.sock.sendall(first)

    def finish(self) -> Answer:
        """End its input and wait for its end; the channel is closed when that takes long.

        Under the channel's lock, which paramiko's own way gives up too early: when the program ends by itself just
        then, the end of its input follows that of the channel, and OpenSSH hangs up.
        """
        self.sock.settimeout(GRACE)
        with self.sock.lock:
            if end := self.sock._send_eof():
                self.sock.transport._send_user_message(end)
        err = b""
        try:
            while part := self.sock.recv_stderr(65536):
                err += part
            code: Optional[int] = self.sock.recv_exit_status() if self.sock.status_event.wait(GRACE) else None
        except (OSError, EOFError):
            code = None
        self.sock.close()
        return Answer(-1 if code is None else code, err=err.decode(errors="replace").replace(PROMPT, ""))
