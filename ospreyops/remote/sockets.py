"""The sockets that SSH speaks over, as ssh opens them: TCP to the host, or what ProxyCommand is connected to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from typing import Any

from paramiko.ssh_exception import NoValidConnectionsError

from ..errors import Usage
from .ssh_config import SshConfig

FAMILIES = {"inet": socket.AF_INET, "inet6": socket.AF_INET6}
AGAIN = 1
"""Seconds between two of ConnectionAttempts, as ssh has it."""


def direct(config: SshConfig, limit: float) -> socket.socket:
    """A TCP connection to the first of the host's addresses that takes it.

    limit: seconds for each address. Errors: OSError; gaierror when there is no such host; Usage.
    """
    family = FAMILIES.get(config.get("addressfamily"), socket.AF_UNSPEC)
    errors: dict[Any, Exception] = {}
    for attempt in range(config.number("connectionattempts", 1)):
        if attempt:
            time.sleep(AGAIN)
        for kind, _, _, _, address in socket.getaddrinfo(config.host, config.port, family, socket.SOCK_STREAM):
            connection = socket.socket(kind, socket.SOCK_STREAM)
            try:
                _bind(connection, config)
                connection.settimeout(limit)
                connection.connect(address)
            except OSError as error:
                connection.close()
                errors[address] = error
            else:
                return connection
    raise NoValidConnectionsError(errors)


class Proxy(socket.socket):
    """The end of a ProxyCommand, a program that brings the connection about. The program ends with the socket."""

    process: subprocess.Popen[bytes]

    def close(self) -> None:
        """Close the socket, and hang up on the program."""
        super().close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGHUP)
        self.process.poll()


def through(config: SshConfig) -> Proxy:
    """A connection through ProxyCommand, run by the user's shell, as ssh runs it. Errors: OSError, Usage.

    The program has a session of its own: Ctrl-C is for the task, which may have something to finish over it.
    """
    if config.get("proxyusefdpass") == "yes":
        raise Usage(f"{config.login.host}: ProxyUseFdpass is not supported", hint="ProxyUseFdpass no for that host")
    ours, theirs = socket.socketpair()
    with theirs:
        words = [os.environ.get("SHELL") or "/bin/sh", "-c", f"exec {config.fill(config.get('proxycommand'))}"]
        process = subprocess.Popen(  # noqa: S603 (the user's own command)
            words, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL, start_new_session=True
        )
    proxy = Proxy(fileno=ours.detach())
    proxy.process = process
    return proxy


def _bind(connection: socket.socket, config: SshConfig) -> None:
    """Give the connection the end that BindAddress asks for. Errors: Usage for BindInterface."""
    if config.get("bindinterface"):
        raise Usage(f"{config.login.host}: BindInterface is not supported", hint="BindAddress")
    if address := config.get("bindaddress"):
        for kind, _, _, _, place in socket.getaddrinfo(address, None, connection.family, socket.SOCK_STREAM):
            if kind == connection.family:
                connection.bind(place)
                return
