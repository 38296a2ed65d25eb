"""The release archive that `--from` means."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from ..errors import Blocked
from ..release import SCRIPT, Release

ENDS = 1 << 20
"""Bytes of a file's begin and end that tell it from others."""


def sha256(path: Path) -> str:
    """The file's sha256, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def outline(path: Path) -> tuple[int, str]:
    """The file's size, and a name for its content without reading all of it: by its size, its begin and its end."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        digest = hashlib.sha256(f"{size}\n".encode())
        for place in (0, max(0, size - ENDS)):
            file.seek(place)
            digest.update(file.read(ENDS))
    return size, digest.hexdigest()[:16]


def source(given: str, release: Release) -> Path:
    """The release archive that `--from` means: a file, or a folder with the archive or its unpacked content in it.

    Errors: Blocked when there is none.
    """
    try:
        path = Path(given).expanduser().absolute()
        folder, file = path.is_dir(), path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise Blocked(f"{given!r} is no file: {error}") from None
    if file:
        return path
    if not folder:
        raise Blocked(f"{path} is no file, and no folder", hint="--from FILE or FOLDER, on this computer")
    if (path / release.archive).is_file():
        return path / release.archive
    if (path / SCRIPT).is_file() and (path / release.image_archive).is_file():
        return _packed(path, release)
    there = ", ".join(sorted(entry.name for entry in path.iterdir())[:8]) or "nothing"
    raise Blocked(f"{path} has neither {release.archive} nor its unpacked content", evidence=f"it has: {there}")


def _packed(folder: Path, release: Release) -> Path:
    """An archive of an unpacked release, in a temporary folder; the same content gives the same bytes."""
    kept = Path(tempfile.mkdtemp(prefix="ospreyops-"))
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    target = kept / release.archive
    others = {entry.name for entry in folder.glob("osprey-service-docker-*")} - {release.image_archive}
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_file() and entry.name not in others)
    try:
        with tarfile.open(target, "w", dereference=True) as tar:
            for name in names:
                tar.add(folder / name, name, filter=_undated)
    except OSError as error:
        raise Blocked(f"{folder} cannot be packed into {target}: {error.strerror}") from None
    return target


def _undated(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The member, without the times and owners that a copy changes."""
    return member.replace(mtime=0, uid=0, gid=0, uname="", gname="", deep=False)
