"""A shell, or one line, inside the service's container: a look, so it takes no lock and leaves no history."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import Any

from .. import lines
from ..change.site import Site
from ..errors import Blocked, Failed, Unreachable, Usage
from ..facts import Facts
from ..facts.engine import Container
from ..goals.rollout import engine_of
from ..release import parse
from ..remote.command import Answer, Command
from ..remote.protocol import LATE, LATE_MARK, new_mark
from ..remote.streams import GRACE
from ..settings import number

HELP = {
    "command": "the line to run there, by sh",
    "version": "the release whose container to use (default: the one that gets new connections)",
    "timeout": "seconds after which the line is ended (default 600)",
}
TIMEOUT = 600
LONGEST = 4000
"""Signs of a line. Each shell on its way quotes it once more, and the kernel takes no word of 128 KiB."""


class Ended(Failed):
    """A line in a container ended with a status other than 0, which is passed on."""

    def __init__(self, image: str, status: int) -> None:
        super().__init__(f"the command in {image} ended with exit status {status}")
        self._passed_on = status

    @property
    def code(self) -> int:
        """The exit status of the program, for one host."""
        return self._passed_on


def shell(site: Site, version: str) -> None:
    """Let the user work in a shell there. Errors: Blocked, Usage; Ended, with the shell's own exit status."""
    if site.console.screen.shared:
        raise Usage("a shell is for one host", hint="-H with one host, or --command 'LINE'")
    facts = site.look()
    container = _container(facts, version)
    line = lines.shell(facts, site.target, container)
    if site.dry:
        site.console.say(str(line), whole=True)
    elif status := site.host.shell(line):
        raise Ended(container.image, status)


def execute(site: Site, text: str, version: str, timeout: str) -> None:
    """Run a line of sh there, and show what it prints. Errors: as of shell; Failed when it takes too long."""
    limit = number("--timeout", timeout) if timeout else TIMEOUT
    if not text.strip():
        raise Usage("which command?", hint="--command 'df -h'")
    if len(text) > LONGEST:
        raise Usage(
            f"the command has {len(text)} signs, and {LONGEST} fit", hint="put it into a script, and docker cp that"
        )
    facts = site.look()
    container = _container(facts, version)
    command = lines.execute(facts, site.target, container, text, limit)
    if site.dry:
        site.console.say(str(command), whole=True)
        return
    ended = _shown(site, command)
    if ended.code < 0:
        raise Unreachable(f"the connection to {site.name} was lost", hint="nobody knows how far the command came")
    if ended.code == LATE and LATE_MARK in ended.err:
        raise Failed(f"the command in {container.image} was ended after {limit} s, its limit", hint="--timeout 3600")
    if ended.code:
        raise Ended(container.image, ended.code)


def _shown(site: Site, command: Command) -> Answer:
    """How the line ended, whose output is shown while it runs, and its errors after it. Ctrl-C ends the line there.

    The line marks its end: a sudo that asks for a password may keep its outputs open until the input ends.
    """
    mark, end, said = new_mark(), b"", b""
    stream = site.host.stream(replace(command, line=f"{command.line}; r=$?; echo {mark}; exit $r"))
    stream.sock.settimeout(command.limit + GRACE)
    try:
        while not end and not site.console.screen.unread and (part := _part(stream.sock)):
            said, end, _ = (said + part).partition(mark.encode())
            whole, newline, said = said.rpartition(b"\n")
            _say(site, whole + newline)
        _say(site, said)
    finally:
        ended = stream.finish()
    _say(site, ended.err.replace(f"{LATE_MARK}\n", "").encode(), error=True)
    return ended


def _part(sock: Any) -> bytes:
    """What the line prints next; nothing at its end, and when its time has long been over."""
    try:
        return bytes(sock.recv(65536))
    except (TimeoutError, socket.timeout):
        return b""


def _say(site: Site, said: bytes, *, error: bool = False) -> None:
    if said:
        site.console.say(said.decode(errors="replace").removesuffix("\n"), error=error, whole=True)


def _container(facts: Facts, version: str) -> Container:
    """The container that runs, and is meant. Errors: Blocked when there is none; Usage."""
    wanted = parse(version).version if version else ""
    running = [one for one in engine_of(facts).containers if one.running]
    serving, name = facts.serving, facts.host.name
    found = [one for one in running if one.version == wanted] if wanted else []
    if not wanted or serving in found:
        found = [serving] if serving and serving.running else []
    if not found:
        there = ", ".join(one.version for one in running)
        what = f"no container of {wanted}" if wanted else "no service"
        raise Blocked(
            f"{what} runs on {name}", hint=f"--version, one of: {there}" if there else f"inv service.status -H {name}"
        )
    return found[0]
