"""SSH connections: host keys are checked, and a connection that is dead or never answers ends by its limit."""

from __future__ import annotations

import functools
import logging
import os
import shlex
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Callable, NamedTuple, Optional

import fabric
import paramiko

from ..errors import OspreyError, Usage
from ..settings import KEYS, Settings
from .host_keys import HostKeys
from .identities import SOCKET, Identities
from .shown import UnknownHostKey
from .sockets import direct, through
from .ssh_config import Login, SshConfig, read
from .ssh_errors import Attempt, translate_errors
from .transport import prepared
from .turns import turn, until_greeted

MOST_JUMPS = 16
"""Jump hosts on the way to a host; more of them are a circle."""
KEEPALIVE = 10
"""Seconds between two signs of life that the server is asked for."""

# Paramiko's threads log their errors with tracebacks. The errors that this module raises say the same in one line.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Connection(fabric.Connection):  # type: ignore[misc]  # Fabric has no types
    """A Fabric connection that is brought about as ssh_config says, whose errors name the host that they are about."""

    said = SshConfig(Login(""), {})
    name, login = "", ""
    __setattr__ = object.__setattr__  # Invoke's looks at each attribute whether it is a setting, which takes a while

    def open(self) -> None:
        """Connect, unless that was done. Errors: Unreachable, Usage."""
        if self.is_connected:
            return
        with translate_errors(Attempt(self, self.name, self.login, self.connect_timeout)):
            if isinstance(self.gateway, str):
                super().open()
                return
            if self.gateway:
                self.gateway.open()
            with turn(self.host, self.port, self.connect_timeout):
                until_greeted(self._connect)

    def _connect(self) -> None:
        if not self.gateway:
            self.connect_kwargs["sock"] = direct(self.said, self.connect_timeout)
        super().open()

    def open_gateway(self) -> Any:
        """What the connection goes through: ProxyCommand, or a channel of the jump host."""
        return through(self.said) if isinstance(self.gateway, str) else super().open_gateway()

    def close(self) -> None:
        """End the connection, also one that never stood, and those to the jump hosts."""
        super().close()
        self.client.close()
        if isinstance(self.gateway, fabric.Connection):
            self.gateway.close()


def is_known(settings: Settings) -> bool:
    """known_hosts has a key of the host; it is not asked for one. Errors: Usage when ssh_config is wrong."""
    config = read(_login(settings), 2 * settings.ssh_connect_timeout, lambda _: None)
    return bool(HostKeys(config, settings.name, settings.ssh, settings.ssh_connect_timeout).entries)


def _login(settings: Settings) -> Login:
    login = Login.parse(settings.address or settings.name)
    return login._replace(user=settings.user or login.user, port=settings.port or login.port)


def connect(settings: Settings, tell: Callable[[str], None] = lambda _: None) -> fabric.Connection:
    """An open Fabric connection to the host, as ssh_config, the agent and known_hosts say.

    tell: is told in a sentence when ssh cannot be asked. Errors: Unreachable, with what is the case and what to try;
    Usage when ssh_config is wrong, or wants what is not supported.
    """
    login = _login(settings)
    way = Way(login, settings.name, settings.ssh, settings.ssh_connect_timeout, tell)
    config = read(login, 2 * way.limit, tell)
    if way.limit == KEYS["ssh_connect_timeout"].default:
        way = way._replace(limit=config.number("connecttimeout", 0) or way.limit)
    connection = _connection(config, way)
    try:
        connection.open()
    except OspreyError as error:
        connection.close()
        if isinstance(error, UnknownHostKey):
            error.hint = f"inv host.trust {settings.name}; or {error.hint}"
        raise
    threading.Thread(target=_keepalive, args=[connection.transport, 2 * way.limit], daemon=True).start()
    return connection


class Way(NamedTuple):
    """What a connection is for: the host's name and the words that ssh needs, the seconds, and the hosts before it."""

    login: Login
    name: str
    words: str
    limit: int
    tell: Callable[[str], None]
    jumps: int = 0


def _connection(config: SshConfig, way: Way) -> Connection:
    """A connection that is not open yet, with those to the jump hosts before it."""
    known = HostKeys(config, way.name, way.words, 2 * way.limit)
    connection = Connection(
        config.host,
        user=config.user,
        port=config.port,
        config=_fabrics_own(),
        gateway=_jump(config, way) or config.get("proxycommand") or False,
        forward_agent=_forwards(config),
        connect_timeout=way.limit,
        connect_kwargs={
            "transport_factory": functools.partial(prepared, config, known.algorithms),
            "auth_strategy": Identities(config, way.limit),
            "banner_timeout": way.limit,
            "auth_timeout": 2 * way.limit,
            "channel_timeout": way.limit,
        },
    )
    connection.said, connection.name, connection.login = config, way.name, way.words
    connection.client.set_missing_host_key_policy(known)
    return connection


@functools.cache
def _fabrics_own() -> fabric.Config:
    """Fabric's settings, the same for all hosts: those of ssh_config are not among them."""
    return fabric.Config(ssh_config=paramiko.SSHConfig())


def _forwards(config: SshConfig) -> bool:
    """Whether the agent is forwarded: only the one in use can be."""
    wanted = config.get("forwardagent")
    return wanted == "yes" or (bool(wanted) and wanted == os.environ.get(SOCKET))


def _jump(config: SshConfig, way: Way) -> Optional[Connection]:
    """The connection to the jump host; None where there is none."""
    login = config.jump
    if not login:
        return None
    if way.jumps == MOST_JUMPS:
        raise Usage(f"ssh_config: more than {MOST_JUMPS} jump hosts on the way to {way.name}")
    words = shlex.join([*login.words, login.host])
    on_the_way = way._replace(login=login, name=login.host, words=words, jumps=way.jumps + 1)
    return _connection(read(login, 2 * way.limit, way.tell), on_the_way)


@contextmanager
def deadline(transport: paramiko.Transport, seconds: float) -> Iterator[threading.Event]:
    """Close the transport when the block takes longer than that. The event tells whether it was closed."""
    over = threading.Event()

    def close() -> None:
        over.set()
        transport.close()

    timer = threading.Timer(seconds, close)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def _keepalive(transport: paramiko.Transport, limit: float) -> None:
    """Ask the server for signs of life until the connection ends. Close it when one does not come in time."""
    while True:
        time.sleep(KEEPALIVE)
        if not transport.is_active():
            return
        with deadline(transport, limit), suppress(EOFError, OSError, paramiko.SSHException):
            transport.global_request("keepalive@openssh.com", wait=True)
