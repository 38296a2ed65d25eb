"""Certificates of versions that X.509 has and nobody makes, and of none: a look tells so, and goes on."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path

import pytest

from ospreyops.look import https
from tests.look.server import Server, make_certificates, service

VERSION_3 = bytes.fromhex("a003020102")
"""How DER says that a certificate is of version 3; the number is one less."""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates made by openssl, all with the same key."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize("version", [2, 4])
def test_a_certificate_of_another_version_is_said_and_not_raised(certificates: Path, version: int) -> None:
    encoded = ssl.PEM_cert_to_DER_cert((certificates / "good.pem").read_text())
    assert encoded.count(VERSION_3) == 1
    odd = encoded.replace(VERSION_3, VERSION_3[:-1] + bytes([version - 1]))
    file = certificates / f"version{version}.pem"
    file.write_text(f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(odd).decode()}-----END CERTIFICATE-----\n")
    server = Server(service("0.3"), file)
    (found,) = https.probe(server.url)
    server.server_close()
    assert found.about is None
    assert str(found.error).startswith("its certificate cannot be read")


@pytest.mark.parametrize("encoded", [b"", b"\x30", b"no certificate"])
def test_what_is_no_certificate_is_refused(encoded: bytes) -> None:
    with pytest.raises(ValueError, match="its certificate cannot be read"):
        https.Response(200, "", encoded)
