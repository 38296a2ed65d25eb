"""The SSH transport: what it offers to a server, and sessions that a server refuses for a moment."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from typing import Any, Callable

import paramiko

from ..errors import Blocked, Usage
from .ssh_config import SshConfig

CHEAP_CIPHER = "aes128-gcm@openssh.com"
WEAK = ("-cbc", "hmac-md5", "-96")
"""What names of ciphers and digests have in them that OpenSSH has not offered for years; paramiko does."""
AGAIN = 0.1
"""Seconds until the tool asks again for a session that was refused."""
SAME = "@libssh.org"
"""The end of a name under which a key exchange was known before it had its own: curve25519-sha256."""


class Transport(paramiko.Transport):
    """A transport without Nagle's delay (a run takes 13 ms, not 48), and with the cipher that costs least."""

    _active_check_timeout = 0.5  # seconds between two looks whether it was closed: paramiko's 0.1 busies many hosts

    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(sock, socket.socket) and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(sock, *args, **kwargs)
        self.host_key_algorithms: tuple[str, ...] = ()
        options = self.get_security_options()
        options.ciphers = sorted(_strong(options.ciphers), key=lambda cipher: cipher != CHEAP_CIPHER)
        options.digests = _strong(options.digests)

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """The host key algorithms to offer, the best first; all that paramiko has until others are set."""
        return self.host_key_algorithms or tuple(super().preferred_keys)

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


def prepared(config: SshConfig, host_keys: Callable[[Sequence[str]], list[str]], sock: Any, **kwargs: Any) -> Transport:
    """A transport that offers what both ssh_config and this program have, and no more.

    host_keys: what is offered of the host key algorithms that there are. Errors: Usage when nothing is left to offer.
    """
    transport = Transport(sock, **kwargs)
    try:
        _offer(transport, config, host_keys)
    except Usage:
        sock.close()
        raise
    return transport


def _offer(transport: Transport, config: SshConfig, host_keys: Callable[[Sequence[str]], list[str]]) -> None:
    options = transport.get_security_options()
    options.ciphers = _narrowed(config, "Ciphers", options.ciphers)
    options.digests = _narrowed(config, "MACs", options.digests)
    options.kex = _narrowed(config, "KexAlgorithms", options.kex)
    _narrowed(config, "HostKeyAlgorithms", transport.preferred_keys)
    transport.host_key_algorithms = tuple(host_keys(transport.preferred_keys))
    accepted = config.names("pubkeyacceptedalgorithms") or transport.preferred_pubkeys
    refused = [name for name in transport.preferred_pubkeys if name not in accepted]
    transport.disabled_algorithms = {"pubkeys": refused}


def _narrowed(config: SshConfig, keyword: str, ours: Sequence[str]) -> list[str]:
    """Those of our algorithms that a keyword allows, in our order."""
    wanted = config.names(keyword.lower())
    left = [name for name in ours if not wanted or name in wanted or name.replace(SAME, "") in wanted]
    if not left:
        raise Usage(f"{keyword} of ssh_config leaves none that this program has: {', '.join(ours)}")
    return left
