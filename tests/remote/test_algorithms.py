"""What the tool offers to an SSH server."""

from __future__ import annotations

import socket

import paramiko

from ospreyops.remote.transport import CHEAP_CIPHER, Transport


def test_no_weak_cipher_or_digest_is_offered_though_paramiko_has_them() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        offered = Transport(ours).get_security_options()
        known = paramiko.Transport(ours).get_security_options()
    assert offered.ciphers[0] == CHEAP_CIPHER
    names = {*offered.ciphers, *offered.digests}
    assert not [name for name in names if "cbc" in name or "md5" in name or name.endswith("-96")]
    assert {*known.ciphers, *known.digests} - names >= {"3des-cbc", "aes128-cbc", "hmac-md5", "hmac-sha1-96"}
