"""What an image archive says of itself: the names that it gives, and whose image it is.

The names lie at its end, as `docker save` writes it. The last blocks of a bzip2 file are decoded by themselves, for
all of it would take as long as to load it. Other archives are read whole, which also shows whether they are.
The modules that decode are imported late: a host's own Python, which runs the watchdog, may have been built without.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any, Optional, Union, cast

from ..errors import Failed
from ..release import versions_of
from ..remote.background import Background
from ..text import parse_json

BLOCK, END = bytes.fromhex("314159265359"), bytes.fromhex("177245385090")
"""What each block of a bzip2 file begins with, and what follows its last one; at any bit."""
TAIL = 4_000_000
"""Bytes of a bzip2 file's end: a block takes a million at most."""
MOST = 1 << 26
"""Bytes that a bzip2 file's end is decoded to: a few bytes may be a block of 900 kB."""
Content = Union[bytes, memoryview]
BIGGEST = 1 << 22
"""Bytes of the biggest member that is read: a configuration is far smaller."""
NAMES = ("manifest.json", "index.json")
ANNOTATIONS = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
"""Where the OCI layout has an image's name; a tag alone is left to the host to judge."""
SHORT = re.compile(r"^docker\.io/(library/)?")


@dataclass(frozen=True)
class ImageArchive:
    """What an image archive says of itself.

    names: all that it gives, in Docker's short form. digest: its image's id where names give none but one image.
    architecture, versions, layers: of the image; None, () where its configuration was not met.
    texts: the members that name the image and describe it.
    """

    names: tuple[str, ...]
    digest: Optional[str] = None
    architecture: Optional[str] = None
    versions: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)


def read(file: IO[bytes]) -> Optional[ImageArchive]:
    """What the archive says; None where this computer has no program to decode it.

    Errors: Failed when it is damaged.
    """
    import lzma
    import zlib

    first = file.read(512)
    try:
        if first.startswith(b"BZh"):
            found = _members(last_blocks(_tail(file)))
            if any(name in found for name in NAMES):
                return described(found)
        file.seek(0)
        with _decoded(file, first) as plain:
            return described(dict(_contents(plain))) if plain else None
    except (EOFError, OSError, ValueError, OverflowError, tarfile.TarError, lzma.LZMAError, zlib.error) as error:
        raise Failed(f"its image archive: {error or type(error).__name__}") from None


def described(members: Mapping[str, Content]) -> ImageArchive:
    """What the members with names in them say. Errors: ValueError when they are no such thing."""
    try:
        images = _json(members, "manifest.json", list)
        index = _json(members, "index.json", dict)
        names = {name for image in images for name in image.get("RepoTags") or ()}
        for entry in index.get("manifests") or ():
            notes = entry.get("annotations") or {}
            names |= {name for key in ANNOTATIONS if re.search("[:/]", name := notes.get(key, ""))}
        config = images[0].get("Config", "") if len(images) == 1 else ""
        known = _json(members, config, dict)
        digest, built = re.search("[0-9a-f]{64}", config), known.get("architecture")
        return ImageArchive(
            tuple(sorted({SHORT.sub("", name) for name in names})),
            f"sha256:{digest[0]}" if digest else None,
            str(built) if built else None,
            versions_of((known.get("config") or {}).get("Labels")),
            tuple(map(str, (known.get("rootfs") or {}).get("diff_ids") or ())),
            {
                name: bytes(members[name]).decode(errors="replace")
                for name in ("manifest.json", config)
                if name in members
            },
        )
    except (AttributeError, TypeError):
        raise ValueError("its JSON is not what Docker writes") from None


def last_blocks(data: bytes) -> bytes:
    """What the last whole blocks in the end of a bzip2 file decode to; empty when no block begins in it.

    Errors: OSError, ValueError when one is damaged.
    """
    import bz2

    marks = sorted(_marks(data))
    if marks and marks[-1][1] == BLOCK:
        raise ValueError("it ends too early")
    decoded, size = [], 0
    for (begin, mark), (end, _) in zip(reversed(marks[:-1]), reversed(marks[1:])):
        if mark == BLOCK and size < MOST:
            decoded.append(bz2.decompress(_stream(data, begin, end)))
            size += len(decoded[-1])
    return b"".join(reversed(decoded))


def _stream(data: bytes, begin: int, end: int) -> bytes:
    """A bzip2 file of the block alone that is between those bits."""
    block, check = _bits(data, begin, end), _bits(data, begin + 48, begin + 80)
    whole = (block << 80) | (int.from_bytes(END, "big") << 32) | check
    pad = -(end - begin + 80) % 8
    return b"BZh9" + (whole << pad).to_bytes((end - begin + 80 + pad) // 8, "big")


def _bits(data: bytes, begin: int, end: int) -> int:
    part = int.from_bytes(data[begin // 8 : -(-end // 8)], "big")
    return (part >> (-end % 8)) & ((1 << (end - begin)) - 1)


def _marks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Where blocks begin, and where the last of a stream ends, in bits."""
    bits, length = int.from_bytes(data, "big"), 8 * len(data)
    for shift in range(8):
        shifted = ((bits << shift) & ((1 << length) - 1)).to_bytes(length // 8, "big")
        for mark in (BLOCK, END):
            for found in re.finditer(re.escape(mark), shifted):
                yield 8 * found.start() + shift, mark


def _tail(file: IO[bytes]) -> bytes:
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - TAIL))
    return file.read()


def _members(tail: bytes) -> dict[str, Content]:
    """The small members in the end of a tar, wherever it begins."""
    found: dict[str, Content] = {}
    for begin in range(len(tail) % 512, len(tail), 512):
        try:
            member = tarfile.TarInfo.frombuf(tail[begin : begin + 512], "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            continue
        if member.isreg() and member.size <= BIGGEST:
            content = memoryview(tail)[begin + 512 : begin + 512 + member.size]
            found[member.name.removeprefix("./")] = content
    return found


@contextmanager
def _decoded(file: IO[bytes], first: bytes) -> Iterator[Optional[IO[bytes]]]:
    """The archive as a plain tar; None where nothing here can decode it."""
    import bz2
    import gzip
    import lzma

    if first.startswith(b"BZh"):
        yield cast("IO[bytes]", bz2.BZ2File(file))
    elif first.startswith(b"\x1f\x8b"):
        yield cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    elif first.startswith(b"\xfd7zXZ\0"):
        with lzma.open(file) as plain:
            yield cast("IO[bytes]", plain)
    elif not first.startswith(b"\x28\xb5\x2f\xfd"):
        yield file
    elif not (zstd := shutil.which("zstd")):
        yield None
    else:
        with subprocess.Popen([zstd, "-dc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 (found on the PATH)
            assert process.stdin
            Background(partial(_feed, file, process.stdin))
            yield process.stdout


def _feed(file: IO[bytes], program: IO[bytes]) -> None:
    """Give the file to a program; one that ends too early tells by itself what it made of it."""
    with suppress(BrokenPipeError), program:
        shutil.copyfileobj(file, program)


def _contents(plain: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """The small members of a tar."""
    with closing(tarfile.open(fileobj=plain, mode="r|")) as tar:
        for member in tar:
            if member.isreg() and member.size <= BIGGEST and (content := tar.extractfile(member)):
                yield member.name.removeprefix("./"), content.read()


def _json(members: Mapping[str, Content], name: str, kind: type) -> Any:
    """A member as JSON; empty when it is not there. Errors: ValueError, TypeError when it is of another kind."""
    found = parse_json(bytes(members[name])) if name in members else kind()
    if not isinstance(found, kind):
        raise TypeError(name)
    return found
