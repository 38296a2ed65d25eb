"""Host keys: ssh's judgement of them, but that no unknown, changed or revoked key is ever let through."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import paramiko

from ..errors import Blocked, Unreachable, Usage
from .command import quote
from .host_certificates import Certificate
from .known_hosts import Entry, Marker, look_up, new_line
from .revoked_keys import is_revoked
from .shown import ChangedHostKey, UnknownHostKey, fingerprint
from .ssh_config import SshConfig, built_in

FIRST_WITHOUT_SSH = "ssh-ed25519"
SMALLEST_RSA = 1024
"""Bits; ssh's own default of RequiredRSASize."""
CERTIFICATE = "-cert-v01@openssh.com"


class HostKeys(paramiko.MissingHostKeyPolicy):
    """What is known of a host's keys. Paramiko is told of none, and so leaves each key to this judgement.

    name: the host as the user calls it; login: the words that ssh needs for it.
    """

    def __init__(self, config: SshConfig, name: str, login: str, limit: float) -> None:
        if config.get("knownhostscommand"):
            raise Usage(f"{name}: KnownHostsCommand is not supported", hint="KnownHostsCommand none for that host")
        self.name, self.login = name, login
        self._config, self._limit = config, limit
        self._files = [*config.files("userknownhostsfile"), *config.files("globalknownhostsfile")]
        self._names = known_as(config)
        self.entries = look_up(self._files, self._names)

    def algorithms(self, ours: Sequence[str]) -> list[str]:
        """The host key algorithms to offer, of those that this program has: ssh's choice, in ssh's order."""
        wanted = self._config.names("hostkeyalgorithms")
        first = (wanted or [FIRST_WITHOUT_SSH])[0]
        if not self._is_known(first.replace(CERTIFICATE, "")) and self._may_order(wanted):
            wanted = sorted(wanted or ours, key=lambda name: not self._comes_first(name))
        return [name for name in wanted or ours if name in ours]

    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002 (paramiko gives it)
        hostname: str,
        key: paramiko.PKey,
    ) -> None:
        """Judge the key that a server has shown to be its own. Errors: Unreachable, with what to try."""
        smallest = self._config.number("requiredrsasize", SMALLEST_RSA)
        if isinstance(key, paramiko.RSAKey) and key.get_bits() < smallest:
            raise Unreachable(f"the host key of {self.name} has {key.get_bits()} bits, {smallest} are required")
        certificate = Certificate.of(key)
        shown = [key.asbytes(), *([certificate.authority] if certificate else [])]
        self._refuse_revoked(key, shown)
        if certificate and self._vouched_for(certificate):
            return
        for name in self._names:
            known = [entry for entry in self.entries if (entry.name, entry.marker) == (name, Marker.HOST)]
            if key.asbytes() in [entry.key for entry in known]:
                return
            if known:
                raise self._changed(key, known)
        raise self._unknown(hostname, key)

    def _vouched_for(self, certificate: Certificate) -> bool:
        principal = self._config.get("hostkeyalias") or self._config.host
        authorities = [entry.key for entry in self.entries if entry.marker is Marker.AUTHORITY]
        return certificate.authority in authorities and certificate.is_valid(
            principal, self._config.names("casignaturealgorithms")
        )

    def _refuse_revoked(self, key: paramiko.PKey, shown: list[bytes]) -> None:
        revoked = [entry for entry in self.entries if entry.marker is Marker.REVOKED and entry.key in shown]
        where = [f"{entry.file}:{entry.line}" for entry in revoked]
        if file := self._config.get("revokedhostkeys"):
            path = self._config.path(file)
            where += [str(path)] if is_revoked(key, shown, path, self._limit) else []
        if where:
            raise Unreachable(
                f"the host key of {self.name} is revoked: {key.get_name()} {fingerprint(key.asbytes())}, by {where[0]}",
                hint="ask the host's maintainer: whoever has that key may pretend to be the host",
            )

    def _changed(self, key: paramiko.PKey, known: list[Entry]) -> ChangedHostKey:
        entry = next((entry for entry in known if entry.kind == key.get_name()), known[0])
        forget = f"ssh-keygen -f {quote(str(entry.file))} -R {shlex.quote(entry.name)}"
        return ChangedHostKey(
            f"the host key of {self.name} has changed: {key.get_name()} {fingerprint(key.asbytes())},"
            f" known is {entry.kind} {fingerprint(entry.key)}",
            f"ask the host's maintainer why; if it is right: {forget} && {self._accept}",
            self,
            key,
            forget,
        )

    def _unknown(self, hostname: str, key: paramiko.PKey) -> UnknownHostKey:
        accept = f"then: {self._accept}"
        if not self._kept(self._files):
            accept = f"have UserKnownHostsFile of ssh_config name a file that keeps it, {accept}"
        return UnknownHostKey(
            f"the host key of {self.name} ({hostname}) is not known: {key.get_name()} {fingerprint(key.asbytes())}",
            f"compare the fingerprint with the host's own, {accept}",
            self,
            key,
        )

    def addition(self, key: paramiko.PKey) -> tuple[Path, str]:
        """The file that ssh would add the key to, and the line. Errors: Blocked when no file of the user keeps keys."""
        files = self._kept(self._config.files("userknownhostsfile"))
        if not files:
            hint = "have UserKnownHostsFile of ssh_config name a file that keeps it"
            raise Blocked(f"no file of yours keeps host keys of {self.name}", hint=hint)
        hashed = self._config.get("hashknownhosts") in ("yes", "true")
        return files[0], new_line(self._names[0].lower(), f"{key.get_name()} {key.get_base64()}", hashed=hashed)

    @staticmethod
    def _kept(files: list[Path]) -> list[Path]:
        return [file for file in files if file != Path("/dev/null")]

    @property
    def _accept(self) -> str:
        """The command that adds the host's key to known_hosts."""
        return f"ssh -o StrictHostKeyChecking=accept-new {self.login} true"

    def _may_order(self, wanted: list[str]) -> bool:
        """Whether ssh would put the known kinds first: the list is its own, or that and more."""
        default = built_in("hostkeyalgorithms", self._limit)
        return wanted[: len(default)] == default

    def _comes_first(self, algorithm: str) -> bool:
        if algorithm.endswith(CERTIFICATE) and any(entry.marker is Marker.AUTHORITY for entry in self.entries):
            return True
        return self._is_known(algorithm.replace(CERTIFICATE, ""))

    def _is_known(self, algorithm: str) -> bool:
        kind = "ssh-rsa" if algorithm.startswith("rsa-") else algorithm
        return any((entry.kind, entry.marker) == (kind, Marker.HOST) for entry in self.entries)


def known_as(config: SshConfig) -> list[str]:
    """The names that known_hosts may have a host under, in ssh's order: with a port other than 22 first."""
    if alias := config.get("hostkeyalias"):
        return [alias]
    return [config.host] if config.port == 22 else [f"[{config.host}]:{config.port}", config.host]
