"""A release archive of this computer, judged before it is sent."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Optional

from ..errors import Failed
from ..release import Release, check_members
from . import image_archive
from .image_archive import ImageArchive
from .pin import beside, check
from .source import sha256, source

GOOD_COPY = "a good copy: its size and sha256 as in the release archive"


@dataclass(frozen=True)
class Archive:
    """A release archive of this computer; image: what its image says of itself, None where nobody here can read it."""

    path: Path
    image: Optional[ImageArchive] = None

    @cached_property
    def key(self) -> str:
        """What tells its image from others of the same name: the image's id, else the archive's sha256."""
        digest = self.image.digest if self.image else None
        return digest or f"archive:{sha256(self.path)}"


def archive(given: str, release: Release, pin: Optional[str] = None) -> Archive:
    """The archive that `--from` means. pin: the sha256 that it must have; None where any will do.

    Errors: Blocked when there is none, or it is not the one that is pinned; Failed when it must not be loaded.
    """
    path = source(given, release)
    sums = beside(path)
    try:
        if pin or sums:
            check(release.archive, sha256(path), pin, sums)
        with tarfile.open(path, "r:") as tar:
            members = tar.getmembers()
            check_members(release, *_listed(members))
            packed = next(one for one in members if one.name.removeprefix("./") == release.image_archive)
            file = tar.extractfile(packed)
            image = image_archive.read(file) if file else None
    except (OSError, EOFError, ValueError, OverflowError, tarfile.TarError) as error:
        raise Failed(f"{path} is damaged: {error}", hint=GOOD_COPY) from None
    except Failed as error:
        raise Failed(f"{path} is damaged: {error.case}", hint=GOOD_COPY) from None
    if image and image.names != (release.image,):
        raise Failed(f"{path} holds {', '.join(image.names) or 'no image with a name'}, not {release.image} alone")
    return Archive(path, image)


def _listed(members: list[tarfile.TarInfo]) -> tuple[str, str]:
    """The members as `tar -tf` and `tar -tvf` list them."""
    names = [member.name.replace("\n", "\\n") + ("/" if member.isdir() else "") for member in members]
    kinds = ["d" if member.isdir() else "-" if member.isreg() else "l" for member in members]
    return "\n".join(names), "\n".join(kinds)
