"""Host certificates: a key of the host's with an authority's signature, as OpenSSH's PROTOCOL.certkeys has it."""

from __future__ import annotations

import base64
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Optional

import paramiko
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_ssh_public_identity,
)

from .known_hosts import read_key

WITH_SHA1 = "ssh-rsa"
UNREADABLE = (ValueError, UnsupportedAlgorithm, paramiko.SSHException)


@dataclass(frozen=True)
class Certificate:
    """A certificate that a server has shown. authority: the key that signed it, as a server sends keys."""

    authority: bytes
    line: bytes
    content: SSHCertificate
    signed_with: str

    @classmethod
    def of(cls, key: paramiko.PKey) -> Optional[Certificate]:
        """The certificate that came with a host key; None when the key came alone, or with one that is unreadable."""
        if key.public_blob is None:
            return None
        blob = key.public_blob.key_blob
        line = b" ".join((key.public_blob.key_type.encode(), base64.b64encode(blob)))
        try:
            content = load_ssh_public_identity(line)
            if not isinstance(content, SSHCertificate):
                return None
            authority = content.signature_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
            return cls(read_key(authority.split())[1], line, content, _signed_with(blob))
        except UNREADABLE:
            return None

    def is_valid(self, host: str, algorithms: Collection[str]) -> bool:
        """Whether it is a host's, of that name, at this time, and signed in a way that is allowed.

        One without names would be for every host: it is for none. algorithms: CASignatureAlgorithms, if there are any.
        """
        content = self.content
        if content.type is not SSHCertificateType.HOST or content.critical_options:
            return False
        if host.encode() not in content.valid_principals:
            return False
        if not content.valid_after <= time.time() < content.valid_before:
            return False
        if self.signed_with == WITH_SHA1 or (algorithms and self.signed_with not in algorithms):
            return False
        try:
            content.verify_cert_signature()
        except InvalidSignature:
            return False
        return True


def _signed_with(blob: bytes) -> str:
    """The algorithm of a certificate's signature, which is its last field."""
    message = paramiko.Message(blob)
    kind = message.get_text()
    for _ in range(2 if kind.startswith("ssh-ed25519") else 3):  # the nonce, and the key's own fields
        message.get_binary()
    message.get_int64()  # the serial number
    message.get_int()  # the kind of certificate
    for _ in range(2):  # its name, and its hosts
        message.get_binary()
    for _ in range(2):  # from when on it is valid, and until when
        message.get_int64()
    for _ in range(4):  # critical options, extensions, a reserved field, the authority's key
        message.get_binary()
    return paramiko.Message(message.get_binary()).get_text()
