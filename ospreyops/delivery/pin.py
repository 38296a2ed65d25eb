"""Which archive a release must be: pinned in the settings, or in a SHA256SUMS beside the archive."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Optional

from ..errors import Blocked

SUMS = "SHA256SUMS"
MOST = 1_000_000
"""Bytes of such a file that are read."""
WORDS = re.compile(r"[\s*()/\\]+")
"""What stands between the words of its lines, as sha256sum or shasum writes them, or `openssl dgst`."""


def check(name: str, digest: str, pin: Optional[str], sums: str) -> None:
    """Check an archive's sha256 against both. Errors: Blocked when one of them has another.

    digest: "" where nobody could tell it; pin: None without one; sums: the text of the file beside it.
    """
    listed = [line for line in sums.splitlines() if name in WORDS.split(line)]
    for where, wanted in [("osprey.releases", pin), *((SUMS, line) for line in listed)]:
        if wanted and (not digest or digest not in wanted.lower()):
            raise Blocked(
                f"{name} is not the archive that {where} names",
                evidence=f"it has the sha256 {digest or 'that nobody could tell'}\n{where} has {wanted.strip()}",
                hint=f"a good copy of the release archive; where that one is right, correct {where}",
            )


def beside(archive: Path) -> str:
    """The text of the file beside an archive of this computer, "" without one. Errors: Blocked."""
    sums = archive.with_name(SUMS)
    try:
        with sums.open(errors="replace") as file:
            return file.read(MOST)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Blocked(f"{sums} cannot be read: {error.strerror}") from None
