"""The keys that a user is let in with, in ssh's order: the agent's that are named, the agent's others, the files'."""

from __future__ import annotations

import base64
import getpass
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Optional

import paramiko
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_identity
from paramiko.agent import AgentSSH
from paramiko.auth_strategy import AuthStrategy, InMemoryPrivateKey, SourceResult

from ..text import visible
from .known_hosts import read_key
from .ssh_config import SshConfig

OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
MAGIC = b"openssh-key-v1\0"
SOCKET = "SSH_AUTH_SOCK"
NO = ("no", "false")
"""Both words are in what ssh -G prints."""
UNREADABLE = (paramiko.SSHException, ValueError, TypeError, OSError)


class Agent(AgentSSH):
    """The agent at a socket. It holds no keys when there is no such agent, or one that does not speak."""

    def __init__(self, path: str, limit: float) -> None:
        super().__init__()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(limit)
        with suppress(*UNREADABLE):
            self._socket.connect(path)
            self._connect(self._socket)  # type: ignore[attr-defined]  # paramiko has no public way to another socket

    def close(self) -> None:
        """Take leave of the agent."""
        self._socket.close()


class Identities(AuthStrategy):
    """Lets a user in with the first key that the server takes, as ssh_config says."""

    def __init__(self, config: SshConfig, limit: float) -> None:
        super().__init__(ssh_config=paramiko.SSHConfig())
        self._config, self._limit = config, limit
        self._files = [config.path(name) for name in config.all("identityfile")]
        self._locked = False

    def authenticate(self, transport: paramiko.Transport) -> list[SourceResult]:
        """Offer one key after the other.

        Errors: AuthenticationException; PasswordRequiredException when none will do, and one has a passphrase.
        """
        refusal = paramiko.AuthenticationException("there is no key to offer")
        for source in self.get_sources():
            try:
                asked_for = source.authenticate(transport)
                if "keyboard-interactive" in asked_for and self._may_ask:
                    asked_for = transport.auth_interactive(self._config.user, _ask)
            except paramiko.AuthenticationException as error:
                refusal, asked_for = error, [str(error)]
            if not asked_for:
                return [SourceResult(source, asked_for)]
            if not transport.is_active():
                break
        if self._locked:
            raise paramiko.PasswordRequiredException("a passphrase")
        raise refusal

    def get_sources(self) -> Iterator[InMemoryPrivateKey]:
        """The keys, each read when its turn comes."""
        if self._config.get("pubkeyauthentication") in NO or not self._wants("publickey"):
            return
        for key in self._keys():
            if self._is_accepted(key):
                yield InMemoryPrivateKey(self._config.user, key)

    @property
    def _may_ask(self) -> bool:
        return sys.stdin.isatty() and self._config.get("batchmode") != "yes" and self._wants("keyboard-interactive")

    def _wants(self, method: str) -> bool:
        preferred = self._config.names("preferredauthentications")
        return not preferred or method in preferred

    def _is_accepted(self, key: paramiko.PKey) -> bool:
        accepted = self._config.names("pubkeyacceptedalgorithms")
        kind = key.public_blob.key_type if key.public_blob else key.get_name()
        names = [kind.replace("ssh-rsa", name) for name in ("rsa-sha2-512", "rsa-sha2-256")]
        return not accepted or any(name in accepted for name in names)

    def _keys(self) -> Iterator[paramiko.PKey]:
        named = [public_key(file) for file in self._files]
        agent = Agent(socket_of_agent(self._config), self._limit)
        try:
            held = {key.asbytes(): key for key in agent.get_keys()}
            yield from [held[key] for key in named if key in held]
            if self._config.get("identitiesonly") != "yes":
                yield from [key for public, key in held.items() if public not in named]
            for file, public in zip(self._files, named):
                if public not in held and (key := self._load(file)):
                    yield key
        finally:
            agent.close()

    def _load(self, file: Path) -> Optional[paramiko.PKey]:
        """The private key of a file, with a certificate of it; None when it is missing, locked, or none."""
        try:
            key = paramiko.PKey.from_path(file)
        except UNREADABLE as error:
            self._locked |= isinstance(error, (TypeError, paramiko.PasswordRequiredException))
            return None
        for certificate in self._config.all("certificatefile"):
            with suppress(*UNREADABLE):
                _add_certificate(key, self._config.path(certificate))
        return key


def _ask(title: str, instructions: str, prompts: Sequence[tuple[str, bool]]) -> list[str]:
    """Ask the user what a server wants to know, such as a code. A prompt says whether the answer may be seen."""
    for text in filter(None, (title.strip(), instructions.strip())):
        sys.stderr.write(f"{visible(text)}\n")
    return [(input if seen else getpass.getpass)(visible(prompt)) for prompt, seen in prompts]


def socket_of_agent(config: SshConfig) -> str:
    """The socket of the agent that ssh_config wants, "" for none."""
    given = config.get("identityagent")
    if not given:
        return "" if config.is_none("identityagent") else os.environ.get(SOCKET, "")
    if given == SOCKET or given.startswith("$"):
        return os.environ.get(given.lstrip("$").strip("{}"), "")
    return str(config.path(given))


def public_key(file: Path) -> bytes:
    """The public half of a file's key, also where only that is there, or the other is locked; b"" when there is none.

    It stands in FILE.pub, in FILE, or at the head of a private key in OpenSSH's own format.
    """
    for name in (file, Path(f"{file}.pub")):
        with suppress(OSError, ValueError, paramiko.SSHException):
            content = name.read_bytes()
            return _head(content) if content.startswith(OPENSSH) else read_key(content.split())[1]
    return b""


def _head(content: bytes) -> bytes:
    """The public key at the head of a private one, as OpenSSH's PROTOCOL.key has it."""
    message = paramiko.Message(base64.b64decode(b"".join(content.split()[4:-4])))
    message.get_bytes(len(MAGIC))
    for _ in range(3):  # the cipher, and how its key is made
        message.get_binary()
    message.get_int()
    return message.get_binary()


def _add_certificate(key: paramiko.PKey, file: Path) -> None:
    """Give the key a certificate when that is its own."""
    public = load_ssh_public_identity(file.read_bytes()).public_key()  # type: ignore[union-attr]  # a certificate
    if read_key(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split())[1] == key.asbytes():
        key.load_certificate(str(file))
