"""A host's certificate counts when an authority signed it, for that host, for now; and no forged one does."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Optional

import paramiko
import pytest

from ospreyops.remote.host_certificates import Certificate
from ospreyops.remote.known_hosts import read_key
from tests.lab.ssh import make_key


def keygen(*words: object) -> None:
    subprocess.run(["ssh-keygen", "-q", *map(str, words)], check=True, capture_output=True, timeout=60)


def shown(blob: bytes) -> Optional[Certificate]:
    """What becomes of a certificate that a server sends."""
    return Certificate.of(paramiko.Ed25519Key(msg=paramiko.Message(blob)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_key(tmp_path / "host")
    make_key(tmp_path / "ca")
    keygen("-t", "rsa", "-N", "", "-f", tmp_path / "rsa")
    return tmp_path


def certificate(folder: Path, *words: str, authority: str = "ca") -> bytes:
    keygen("-s", folder / authority, "-I", "a name", *words, folder / "host.pub")
    return base64.b64decode((folder / "host-cert.pub").read_text().split()[1])


def is_valid(blob: bytes, *algorithms: str) -> bool:
    found = shown(blob)
    assert found
    return found.is_valid("box", algorithms)


@pytest.mark.parametrize("authority", ["ca", "rsa"])
def test_a_certificate_of_the_authority_counts_for_its_names_only(folder: Path, authority: str) -> None:
    found = shown(certificate(folder, "-h", "-n", "other,box", authority=authority))
    assert found and found.authority == read_key((folder / f"{authority}.pub").read_bytes().split())[1]
    assert [found.is_valid(name, []) for name in ("box", "other", "bo", "box.lab", "*")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("-n", "box"),
        ("-h",),
        ("-h", "-n", "*"),
        ("-h", "-n", "box", "-V", "20200101:20210101"),
        ("-h", "-n", "box", "-V", "+1d:+2d"),
        ("-h", "-n", "box", "-O", "critical:odd=1"),
    ],
    ids=["of_a_user", "without_names", "with_a_pattern", "that_is_over", "of_tomorrow", "with_a_condition"],
)
def test_another_kind_of_certificate_does_not_count(folder: Path, words: tuple[str, ...]) -> None:
    assert not is_valid(certificate(folder, *words))


def test_a_signature_of_a_kind_that_is_not_allowed_does_not_count(folder: Path) -> None:
    host = ("-h", "-n", "box")
    assert is_valid(certificate(folder, *host), "ssh-ed25519")
    assert not is_valid(certificate(folder, *host), "rsa-sha2-512")
    assert is_valid(certificate(folder, *host, authority="rsa"), "rsa-sha2-512")
    assert not is_valid(certificate(folder, *host, "-t", "ssh-rsa", authority="rsa"))


def test_a_certificate_with_any_byte_changed_does_not_count(folder: Path) -> None:
    """The attack: a host that has a certificate for itself changes it into one for another host, or for ever."""
    blob = certificate(folder, "-h", "-n", "box")
    authority = read_key((folder / "ca.pub").read_bytes().split())[1]
    assert is_valid(blob)
    counted = []
    for place in range(len(blob)):
        changed = blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]
        try:
            found = shown(changed)
        except (paramiko.SSHException, ValueError):
            continue
        if found and found.authority == authority and found.is_valid("box", []):
            counted.append(place)
    assert counted == []
