"""The only module that runs commands: on this computer through Invoke, on any other through Fabric."""

from __future__ import annotations

import copy
import getpass
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import Any

import invoke
from invoke.exceptions import ThreadException

from ..console import Console
from ..errors import Blocked, Failed, Unreachable
from ..settings import Settings
from . import protocol
from .command import Answer, Command
from .streams import GRACE, PROMPT, LocalStream, RemoteStream, Stream

VBOX_TRAILER = re.compile("VBoxManage: error: (Details|Context): ")


class Host:
    """A computer that lines run on. Nothing is connected before the first line."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self.name = settings.name
        self._settings = settings
        self.console = console

    @property
    def here(self) -> bool:
        """The host is this computer: no SSH."""
        return self._settings.here

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers to all questions, in one round trip that takes as long as the slowest; sudo: asked as root.

        Errors: Unreachable; Blocked when the host cannot run questions at all.
        """
        limit = max(question.limit for question in questions.values())
        answer = self._execute(protocol.batch(questions), limit, user="root" if sudo else self._owner)
        found = protocol.parse_batch(answer.out)
        if missing := questions.keys() - found.keys():
            raise Blocked(
                f"{self.name} did not answer {', '.join(sorted(missing))}", evidence=answer.said, hint="perl and sh"
            )
        return found

    def run(self, command: Command) -> Answer:
        """The answer to a line that changes something; Failed when it does not exit with 0 in time."""
        answer = self._execute(protocol.with_timeout(command), command.limit, user=self._user(command), show=True)
        if answer.code == protocol.LATE and protocol.LATE_MARK in answer.err:
            raise Failed(f"not done within {command.limit:.0f} s, and ended: {command}")
        if not answer.ok:
            raise Failed(
                f"exit status {answer.code}: {_last_line(answer)}", evidence="\n".join(answer.said.splitlines()[-10:])
            )
        return answer

    def stream(self, command: Command) -> Stream:
        """Start a line and talk to it; it ends when its input does, or at its limit."""
        words, first, user = protocol.with_timeout(command), b"", self._user(command)
        if user:
            words = self._sudo(words, user)
            first = (self.sudo_password + "\n").encode() if self.sudo_password else b""
        if self.here:
            return LocalStream(words, first)
        with self._watched(self._settings.ssh_connect_timeout):
            return RemoteStream(self._connection, words, first, self._settings.ssh_connect_timeout)

    def follow(self, command: Command) -> None:
        """Show what a line goes on printing, until it ends or Ctrl-C, which ends it on the host, too."""
        stream = self.stream(replace(command, line=f"{command.line} & p=$!; cat >/dev/null; kill $p"))
        lines = self.console.lines(indent="")
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
        theirs._settings = settings  # noqa: SLF001 (a copy of this object)
        vars(theirs).pop("sudo_password", None)
        return theirs

    def shell(self, line: str) -> None:
        """Let the user work in a program on the host, on this terminal. Errors: Blocked without one; Failed."""
        if not sys.stdin.isatty():
            raise Blocked("there is no terminal to work on", hint="--command 'LINE'")
        words = "exec /bin/sh -c " + shlex.quote(protocol.PATH + f"exec {line}")
        if self._owner:
            words = f"sudo -H -u {self._owner} {words.removeprefix('exec ')}"
        where = invoke.Context() if self.here else self._connection
        result: Any = where.run(words, pty=True, warn=True, hide=False, dry=False)
        if result.exited:
            raise Failed(f"exit status {result.exited}: {line}")

    @cached_property
    def sudo_password(self) -> str:
        """What sudo wants here, asked for once; "" when it wants none. Blocked without a terminal or the right."""
        free = self._execute(f"sudo -k -n -u {self._owner or 'root'} true", 20)
        if free.ok:
            return ""
        if self._owner and not self._execute(f"id -u {self._owner}", 20).ok:
            raise Blocked(f"there is no user {self._owner} on {self.name}", evidence=free.err)
        user = self._execute("id -un", 20).out.strip()
        for _ in range(3):
            if not sys.stdin.isatty():
                raise Blocked(
                    f"sudo on {self.name} wants a password of {user}, and there is no terminal to ask for it on",
                    evidence=free.err,
                    hint="the same command in a terminal, or a sudoers rule with NOPASSWD",
                )
            with self.console.paused():
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
        return not self.here and self._connection.gateway is not None

    @cached_property
    def address(self) -> str:
        """Where the host is, as this workstation reaches it."""
        return "localhost" if self.here else str(self._connection.host)

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
        shown = [self.console.lines(), self.console.lines()] if show and self.console.verbose else []
        if shown:
            options.update(hide=False, out_stream=shown[0], err_stream=shown[1])
        with self._watched(limit):
            result: Any = (self._here if self.here else self._connection).run(words, **options)
        for lines in shown:
            lines.end()
        return Answer(result.exited, result.stdout, result.stderr.replace(PROMPT, ""))

    def _lost(self, why: str = "") -> Unreachable:
        return Unreachable(
            f"the connection to {self.name} was lost",
            evidence=why,
            hint="run the same command again to resume",
        )

    @contextmanager
    def _watched(self, limit: float) -> Iterator[None]:
        """Give a remote line up when neither it nor its limit on the host end it; Unreachable says so."""
        if self.here:
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
    """Its last words; VBoxManage's are followed by where in VirtualBox it happened."""
    lines = [line for line in answer.said.splitlines() if not VBOX_TRAILER.search(line)]
    return (lines or ["it said nothing"])[-1]


class Local(invoke.Local):
    """Invoke's runner, which on Ctrl-C stops waiting: the line's own process group is ended by its limit's Perl."""

    def send_interrupt(self, interrupt: KeyboardInterrupt) -> None:
        """Raise it, as Fabric's remote runner does."""
        raise interrupt
