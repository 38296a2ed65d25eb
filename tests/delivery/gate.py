"""The gate, and what a reader makes of what it passes on."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Optional

import ospreyops.delivery

GATE = Path(ospreyops.delivery.__file__).with_name("gate.pl")
NAMING = {"manifest.json", "index.json", "repositories"}


def members(data: bytes) -> Optional[dict[str, bytes]]:
    """The members of a tar; None when a reader would refuse it, as Docker's does."""
    found = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|") as tar:
            for member in tar:
                content = tar.extractfile(member)
                found[member.name] = content.read() if content else b""
    except tarfile.TarError:
        return None
    return found
