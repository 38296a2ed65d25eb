"""RevokedHostKeys: a list of public keys, or a KRL (ssh-keygen(1), "KEY REVOCATION LISTS"), which ssh-keygen reads."""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path

import paramiko

from ..errors import Unreachable
from .known_hosts import read_key

KRL = b"SSHKRL\n\0"
LISTED, NOT_LISTED = 1, 0
"""Exit statuses of ssh-keygen -Q. It has others for a KRL that it cannot read."""


def is_revoked(key: paramiko.PKey, shown: Collection[bytes], file: Path, limit: float) -> bool:
    """Whether the file has the key, its certificate, or the authority that signed that.

    shown: the key and the authority, as a server sends keys. Errors: Unreachable when it cannot be told, as for ssh.
    """
    try:
        content = file.read_bytes()
        if content.startswith(KRL):
            return _is_in_krl(key, file, limit)
        words = [line.split() for line in content.split(b"\n")]
        return any(read_key(line)[1] in shown for line in words if line and not line[0].startswith(b"#"))
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise Unreachable(
            f"RevokedHostKeys of ssh_config cannot be read: {file}: {error}", hint=f"ssh-keygen -Q -l -f {file}"
        ) from None


def _is_in_krl(key: paramiko.PKey, file: Path, limit: float) -> bool:
    program = shutil.which("ssh-keygen")
    if not program:
        raise ValueError("a KRL, and ssh-keygen is not installed here")
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder, "key.pub")
        blob = key.public_blob
        kind, whole = (blob.key_type, blob.key_blob) if blob else (key.get_name(), key.asbytes())
        shown.write_text(f"{kind} {base64.b64encode(whole).decode()}\n")
        words = [program, "-Q", "-f", str(file), str(shown)]
        done = subprocess.run(  # noqa: S603 (ssh-keygen, no shell)
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False
        )
    if done.returncode not in (LISTED, NOT_LISTED):
        raise ValueError(done.stderr.decode(errors="replace").strip())
    return done.returncode == LISTED
