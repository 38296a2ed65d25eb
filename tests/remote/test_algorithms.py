"""What the tool offers to an SSH server."""

from __future__ import annotations

import socket

import paramiko

from ospreyops.remote.ssh import CHEAP_CIPHER, Transport


def test_no_weak_cipher_or_digest_is_offered_though_paramiko_has_them() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        offered = Transport(ours).get_security_options()
        known = paramiko.Transport(theirs).get_security_options()
    assert offered.ciphers[0] == CHEAP_CIPHER
    names = {*offered.ciphers, *offered.digests}
    assert not [name for name in names if "cbc" in name or "md5" in name or name.endswith("-96")]
    assert {*known.ciphers, *known.digests} - names >= {"3des-cbc", "aes128-cbc", "hmac-md5", "hmac-sha1-96"}
