"""SSH that is safe: host keys are checked, and a connection that is dead or never answers ends by its limit.

Fabric alone adds unknown host keys and never reads known_hosts (fabric#2071).
"""

from __future__ import annotations

import base64
import hashlib
import logging
import shlex
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fabric
import paramiko
from paramiko.ssh_exception import ConfigParseError, PasswordRequiredException

from ..errors import Blocked, OspreyError, Unreachable, Usage
from ..settings import Settings
from .command import quote

CHEAP_CIPHER = "aes128-gcm@openssh.com"
# What its threads log, with tracebacks, is said in one line by what is raised here.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
AGAIN = 0.1
"""Seconds until a session that was refused is asked for again."""
PULSE = 10
"""Seconds between two signs of life asked of the server."""


class Transport(paramiko.Transport):
    """A transport without Nagle's delay (a run takes 13 ms, not 48), and with the cipher that costs least."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock, *args, **kwargs)
        options = self.get_security_options()
        options.ciphers = sorted(options.ciphers, key=CHEAP_CIPHER.__ne__)

    def open_session(self, *args: Any, **kwargs: Any) -> paramiko.Channel:
        """A session; one that is refused while others still count (MaxSessions) is asked for again. Errors: Blocked."""
        end = time.monotonic() + self.channel_timeout
        while True:
            try:
                return super().open_session(*args, **kwargs)
            except paramiko.SSHException as refusal:
                if not self.is_active() or "Timeout" in str(refusal):
                    raise
                if time.monotonic() > end:
                    raise Blocked(
                        f"the SSH server of {self.getpeername()[0]} refuses one more session: {refusal}",
                        hint="MaxSessions in its sshd_config: 10, the default, is enough",
                    ) from None
            time.sleep(AGAIN)


class Refuse(paramiko.MissingHostKeyPolicy):
    """Refuse a host key that known_hosts does not have."""

    def __init__(self, name: str, login: str) -> None:
        self.name, self.login = name, login

    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002 (paramiko gives it)
        hostname: str,
        key: paramiko.PKey,
    ) -> None:
        """Always Unreachable, with the key's fingerprint and the command that would accept it."""
        raise Unreachable(
            f"the host key of {self.name} ({hostname}) is not known: {key.get_name()} {fingerprint(key)}",
            hint=f"compare the fingerprint with the host's own, then: {accepting(self.login)}",
        )


def fingerprint(key: paramiko.PKey) -> str:
    """The key's SHA256 fingerprint, as ssh and ssh-keygen print it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")


def accepting(login: str) -> str:
    """The command that adds a host's key to known_hosts."""
    return f"ssh -o StrictHostKeyChecking=accept-new {login} true"


def connect(settings: Settings) -> fabric.Connection:
    """An open Fabric connection to the host; ssh_config, agent and key files are honoured.

    Errors: Unreachable, with what is the case and what to try; Usage for an ssh_config that cannot be read.
    """
    try:
        connection = fabric.Connection(
            settings.address or settings.name,
            user=settings.user or None,
            port=settings.port or None,
            connect_timeout=settings.ssh_connect_timeout,
        )
    except ConfigParseError as error:
        raise Usage(f"ssh_config cannot be read: {error}") from None
    except ValueError as error:
        raise Usage(f"{settings.name!r} is not a host name: {error}") from None
    try:
        _secure(connection, settings, settings.ssh)
        with _naming(connection, settings):
            connection.open()
    except OspreyError:
        connection.close()
        raise
    threading.Thread(target=_pulse, args=[connection.transport, 2 * settings.ssh_connect_timeout], daemon=True).start()
    return connection


@contextmanager
def closed_after(transport: paramiko.Transport, seconds: float) -> Iterator[threading.Event]:
    """Close the transport when the block takes longer than that; the event tells whether it happened."""
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


def _pulse(transport: paramiko.Transport, limit: float) -> None:
    """Ask for signs of life until the connection ends; one that gives none in time is closed."""
    while transport.is_active():
        with closed_after(transport, limit):
            transport.global_request("keepalive@openssh.com", wait=True)
        time.sleep(PULSE)


def _secure(connection: fabric.Connection, settings: Settings, login: str) -> None:
    """Load known_hosts as ssh would, refuse all other keys, and do the same for each ProxyJump on the way."""
    client, config = connection.client, connection.ssh_config
    for file in (Path(name).expanduser() for name in _known_hosts(connection)):
        if file.is_file():
            client.load_system_host_keys(str(file))
    if alias := config.get("hostkeyalias"):
        name = connection.host if connection.port == 22 else f"[{connection.host}]:{connection.port}"
        known = client._system_host_keys  # noqa: SLF001 (paramiko knows no HostKeyAlias)
        for kind, key in (known.lookup(alias) or {}).items():
            known.add(name, kind, key)
    client.set_missing_host_key_policy(Refuse(settings.name, login))
    limit = settings.ssh_connect_timeout
    connection.connect_kwargs.update(
        transport_factory=Transport, banner_timeout=limit, auth_timeout=2 * limit, channel_timeout=limit
    )
    if isinstance(connection.gateway, fabric.Connection):
        jump = connection.gateway
        jump.connect_timeout = limit
        _secure(jump, settings, str(jump.original_host))


def _known_hosts(connection: fabric.Connection) -> list[str]:
    """The files that ssh would look for host keys in, the user's first."""
    config = connection.ssh_config
    own = config.get("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2")
    return f"{own} {config.get('globalknownhostsfile', '/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2')}".split()


@contextmanager
def _naming(connection: fabric.Connection, settings: Settings) -> Iterator[None]:
    """Turn what paramiko and the network raise into an Unreachable that says what is the case."""
    name, login = settings.name, settings.ssh
    where = f"{connection.user}@{connection.host}:{connection.port}"
    try:
        yield
    except paramiko.BadHostKeyException as error:
        at = connection if error.hostname == connection.host else connection.gateway
        known = at.host if at.port == 22 else f"[{at.host}]:{at.port}"
        file = _known_hosts(at)[0]
        raise Unreachable(
            f"the host key of {name} has changed: {error.key.get_name()} {fingerprint(error.key)},"
            f" known is {error.expected_key.get_name()} {fingerprint(error.expected_key)}",
            hint=f"ask the host's maintainer why; if it is right: ssh-keygen -f {quote(file)} -R {shlex.quote(known)}"
            f" && {accepting(login)}",
        ) from None
    except PasswordRequiredException:
        raise Unreachable(f"the key for {name} has a passphrase, and no agent holds it", hint="ssh-add") from None
    except (paramiko.AuthenticationException, paramiko.SSHException) as error:
        if isinstance(error, paramiko.AuthenticationException) or "authentication methods" in str(error):
            raise Unreachable(f"{name} does not let {where} in: {error}", hint=f"ssh-add, or: ssh -v {login}") from None
        raise Unreachable(
            f"{name} ({where}) does not speak SSH as it should: {error}", hint=f"ssh -v {login}"
        ) from None
    except socket.gaierror as error:
        raise Unreachable(
            f"{name}: no such host ({error.strerror})", hint="osprey.hosts in invoke.yaml, or ~/.ssh/config"
        ) from None
    except (OSError, EOFError) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else str(error) or "the connection was closed"
        raise Unreachable(f"{name} ({where}) cannot be reached: {why}", hint=f"ssh -v {login}") from None
