"""What paramiko and the network raise, in words that say what is the case and what to try."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable, NamedTuple

import fabric
import paramiko
from paramiko.ssh_exception import NoValidConnectionsError, PasswordRequiredException

from ..errors import NoSuchHost, OspreyError, Unreachable


class Attempt(NamedTuple):
    """An attempt to connect: the host's name, the words that ssh needs for it, and the seconds that it may take."""

    connection: fabric.Connection
    name: str
    login: str
    limit: float

    @property
    def where(self) -> str:
        """The host's name, and how it was tried unless that is the name: phil (root@192.0.2.7:22)."""
        return self.address if self.name == self.address else f"{self.name} ({self.address})"

    @property
    def address(self) -> str:
        """The user, the host and the port that were tried."""
        return f"{self.connection.user}@{self.connection.host}:{self.connection.port}"

    @property
    def verbose(self) -> str:
        """The command that shows how ssh fares."""
        return f"ssh -v {self.login}"

    @property
    def greeted(self) -> bool:
        """The server has sent its SSH banner."""
        transport = self.connection.client.get_transport()
        return bool(transport and transport.remote_version)


@contextmanager
def translate_errors(attempt: Attempt) -> Iterator[None]:
    """Turn whatever connecting raises into an Unreachable: paramiko passes on what odd bytes raise in its own code."""
    try:
        yield
    except OspreyError:
        raise
    except Exception as error:  # noqa: BLE001 (a server may send anything)
        translate = next(translate for kind, translate in TRANSLATIONS.items() if isinstance(error, kind))
        raise translate(error, attempt) from None


class NotLetIn(Unreachable):
    """A host, whose key is known, lets the user not in. login: the words that ssh needs for it; key: its own."""

    def __init__(self, case: str, hint: str, attempt: Attempt) -> None:
        super().__init__(case, hint=hint)
        transport = attempt.connection.client.get_transport()
        self.login, self.key = attempt.login, transport.get_remote_server_key() if transport else None


def _key_locked(_: Any, attempt: Attempt) -> Unreachable:
    return NotLetIn(f"the key for {attempt.name} has a passphrase, and no agent holds it", "ssh-add", attempt)


def _not_let_in(error: Any, attempt: Attempt) -> Unreachable:
    case = f"{attempt.name} does not let {attempt.address} in: {error}"
    return NotLetIn(case, f"ssh-add, or: {attempt.verbose}", attempt)


def _no_ssh(error: Any, attempt: Attempt) -> Unreachable:
    """What paramiko says of a server that is silent, that hangs up, or that is not an SSH server."""
    said, limit = str(error), f"{attempt.limit:g} s"
    if "authentication methods" in said:
        return _not_let_in(error, attempt)
    if "No existing session" in said and attempt.greeted:
        case = f"no SSH key exchange within {limit}"
    elif "No existing session" in said or ("SSH protocol banner" in said and not hung_up(error)):
        case = f"no SSH banner within {limit}"
    elif hung_up(error):
        case = "the connection was closed before an SSH banner came"
    else:
        case = f"SSH failed: {said}"
    return Unreachable(f"{attempt.where}: {case}", hint=attempt.verbose)


def hung_up(error: Exception) -> bool:
    """The server ended the connection before it sent its SSH banner."""
    return "SSH protocol banner" in str(error) and not _timed_out(error.__context__)


def _not_led_to(error: Any, attempt: Attempt) -> Unreachable:
    return Unreachable(f"{attempt.where}: the jump host does not lead there: {error.text}", hint=attempt.verbose)


def _no_such_host(error: Any, attempt: Attempt) -> Unreachable:
    return NoSuchHost(
        f"{attempt.name}: no such host ({error.strerror})",
        hint="inv host.add NAME, or a Host in ~/.ssh/config",
    )


def _odd(error: Any, attempt: Attempt) -> Unreachable:
    """A name that DNS does not take; else what paramiko could not read of a server's text."""
    if "idna" in str(error):
        return Unreachable(
            f"{attempt.where}: no host has that name: a part is empty, longer than 63 letters, or of odd signs",
            hint="inv host.add NAME, or a Host in ~/.ssh/config",
        )
    return _no_ssh(error, attempt)


def _no_connection(error: Any, attempt: Attempt) -> Unreachable:
    """What the network said; paramiko hides it behind "[Errno None] Unable to connect to port 22"."""
    errors = error.errors.values() if isinstance(error, NoValidConnectionsError) else [error]
    why = ", ".join(dict.fromkeys(_reason(one) for one in errors))
    return Unreachable(f"{attempt.where} cannot be reached: {why}", hint=attempt.verbose)


def _reason(error: Any) -> str:
    if _timed_out(error):
        return "no answer in time"
    return (getattr(error, "strerror", None) or str(error) or "the connection was closed").lower()


def _timed_out(error: Any) -> bool:
    """The time was over. Python 3.9 has two kinds of error for that."""
    return isinstance(error, (TimeoutError, socket.timeout))


TRANSLATIONS: dict[Any, Callable[[Any, Attempt], Unreachable]] = {
    PasswordRequiredException: _key_locked,
    paramiko.AuthenticationException: _not_let_in,
    paramiko.ChannelException: _not_led_to,
    paramiko.SSHException: _no_ssh,
    socket.gaierror: _no_such_host,
    UnicodeError: _odd,
    Exception: _no_connection,
}
"""Kinds of error, the special ones before the general ones."""
