"""SSH connections: host keys are checked, and a connection that is dead or never answers ends by its limit."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import fabric
import paramiko
from paramiko.ssh_exception import ConfigParseError

from ..errors import Blocked, OspreyError, Usage
from ..settings import Settings
from .host_keys import RejectUnknownHostKey, load_known_hosts
from .ssh_errors import translate_errors

CHEAP_CIPHER = "aes128-gcm@openssh.com"
WEAK = ("-cbc", "hmac-md5", "-96")
"""What names of ciphers and digests have in them that OpenSSH has not offered for years; paramiko does."""
AGAIN = 0.1
"""Seconds until the tool asks again for a session that was refused."""
KEEPALIVE = 10
"""Seconds between two signs of life that the server is asked for."""

# Paramiko's threads log their errors with tracebacks. The errors that this module raises say the same in one line.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class Transport(paramiko.Transport):
    """A transport without Nagle's delay (a run takes 13 ms, not 48), and with the cipher that costs least."""

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock, *args, **kwargs)
        options = self.get_security_options()
        options.ciphers = sorted(_strong(options.ciphers), key=lambda cipher: cipher != CHEAP_CIPHER)
        options.digests = _strong(options.digests)

    def open_session(self, *args: Any, **kwargs: Any) -> paramiko.Channel:
        """A new session. One that the server refuses while others still count (MaxSessions) is asked for again.

        Errors: Blocked when the server goes on refusing.
        """
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

    def end_input(self, channel: Any) -> None:
        """End a program's input, unless the program has ended.

        Channel.shutdown_write, the public way, sends after it has given the channel's lock back. When the program ends
        just then, the end of its input follows the end of the channel, and OpenSSH hangs up. So the message is sent
        under the lock here, by the two private methods that shutdown_write uses.
        """
        transport: Any = self
        with channel.lock:
            if message := channel._send_eof():  # noqa: SLF001 (see above)
                transport._send_user_message(message)  # noqa: SLF001 (see above)


def _strong(algorithms: Sequence[str]) -> list[str]:
    """Those that are not weak, in their order."""
    return [name for name in algorithms if not any(part in name for part in WEAK)]


def connect(settings: Settings) -> fabric.Connection:
    """An open Fabric connection to the host. It honours ssh_config, the agent and key files.

    Errors: Unreachable, with what is the case and what to try; Usage when ssh_config cannot be read.
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
        with translate_errors(connection, settings):
            connection.open()
    except OspreyError:
        connection.close()
        raise
    limit = 2 * settings.ssh_connect_timeout
    threading.Thread(target=_keepalive, args=[connection.transport, limit], daemon=True).start()
    return connection


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
    while transport.is_active():
        with deadline(transport, limit):
            transport.global_request("keepalive@openssh.com", wait=True)
        time.sleep(KEEPALIVE)


def _secure(connection: fabric.Connection, settings: Settings, login: str) -> None:
    """Set the connection's host keys and limits, and those of each ProxyJump on the way."""
    load_known_hosts(connection)
    connection.client.set_missing_host_key_policy(RejectUnknownHostKey(settings.name, login))
    limit = settings.ssh_connect_timeout
    connection.connect_kwargs.update(
        transport_factory=Transport, banner_timeout=limit, auth_timeout=2 * limit, channel_timeout=limit
    )
    if isinstance(connection.gateway, fabric.Connection):
        jump = connection.gateway
        jump.connect_timeout = limit
        _secure(jump, settings, str(jump.original_host))
