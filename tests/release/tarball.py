"""Tar archives whose bytes depend on nothing but their content."""

from __future__ import annotations

import io
import tarfile

DATE = 1630454400  # 1 September 2021


class Tarball:
    """An uncompressed tar archive in memory, all members of one date."""

    def __init__(self) -> None:
        """Start an empty archive."""
        self._buffer = io.BytesIO()
        self._tar = tarfile.TarFile(fileobj=self._buffer, mode="w", format=tarfile.GNU_FORMAT)

    def add(
        self,
        name: str,
        content: bytes | str | None = None,
        mode: int = 0o644,
        owner: int = 0,
        link: str = "",
    ) -> None:
        """Add a file, a symbolic link to `link`, or a folder if there is neither content nor link."""
        data = content.encode() if isinstance(content, str) else content or b""
        member = tarfile.TarInfo(name)
        if link:
            member.type = tarfile.SYMTYPE
        elif content is None:
            member.type = tarfile.DIRTYPE
        member.size, member.mode, member.mtime = len(data), mode, DATE
        member.uid = member.gid = owner
        member.linkname = link
        self._tar.addfile(member, io.BytesIO(data))

    def members(self) -> bytes:
        """Return what was added so far, without the end mark, so that more members can follow."""
        return self._buffer.getvalue()

    def close(self) -> bytes:
        """Return the finished archive, or the end of one that began with another's members."""
        self._tar.close()
        return self._buffer.getvalue()
