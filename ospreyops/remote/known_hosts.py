"""known_hosts: which keys it has for a name, as sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT", says and ssh reads it."""

from __future__ import annotations

import base64
import binascii
import functools
import hmac
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

PATTERN = (b"*", b"?", b"!", b"|")
"""What the first word of a line has where names do not stand as they are."""
LONGEST_PATTERN = 1023
"""Bytes of a pattern; ssh does not read a longer one."""


Line = tuple[int, bytes, tuple[bytes, ...]]
"""The number of a line, its marker, and its other words."""


class Marker(Enum):
    """What a line's key is for."""

    HOST = b""
    AUTHORITY = b"@cert-authority"
    REVOKED = b"@revoked"


class Entry(NamedTuple):
    """A line's key, for one of the names that were looked for. key: as an SSH server sends it."""

    name: str
    marker: Marker
    kind: str
    key: bytes
    file: Path
    line: int


def look_up(files: Iterable[Path], names: Sequence[str]) -> list[Entry]:
    """The keys that the files have for the names, in their order. Lines and files that cannot be read are left out."""
    return [entry for file in files for entry in _entries(file, {name: name.encode() for name in names})]


def read_key(words: Sequence[bytes]) -> tuple[str, bytes]:
    """The kind and the bytes of a public key that stands as "KIND BASE64". Errors: ValueError."""
    if len(words) < 2:
        raise ValueError("a kind, a key")
    try:
        key = base64.b64decode(words[1], validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    length = int.from_bytes(key[:4], "big")
    if key[4 : 4 + length] != words[0] or len(key) <= 4 + length:
        raise ValueError("the kind is another than the key's")
    return words[0].decode("ascii"), key


def matches(name: bytes, names: bytes) -> bool:
    """A line's first word is for this name: a hash of it, or a list of patterns, of which none with `!` matches."""
    if names.startswith(b"|"):
        return _hashed(name, names)
    name, found = name.lower(), False
    for pattern in names.lower().split(b","):
        if len(pattern) > LONGEST_PATTERN:
            return False
        if pattern.startswith(b"!"):
            if _fits(name, pattern[1:]):
                return False
        elif not found:
            found = _fits(name, pattern)
    return found


def new_line(name: str, key: str, *, hashed: bool) -> str:
    """A line for a name and its key, "KIND BASE64". hashed: nobody can read the name in it."""
    if not hashed:
        return f"{name} {key}"
    salt = secrets.token_bytes(20)
    parts = (base64.b64encode(part).decode() for part in (salt, hmac.digest(salt, name.encode(), "sha1")))
    return f"|1|{'|'.join(parts)} {key}"


def append(file: Path, line: str) -> None:
    """Add a line, as ssh does: a file, and a folder, that is not there is made for its user alone. Errors: OSError."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+") as known:
        size = known.seek(0, os.SEEK_END)
        known.seek(max(size - 1, 0))
        torn = known.read(1) not in (b"", b"\n")
        known.write(f"{chr(10) if torn else ''}{line}\n".encode())


def _entries(file: Path, names: dict[str, bytes]) -> Iterator[Entry]:
    try:
        content = file.read_bytes()
    except OSError:
        return
    by_name, patterns = _index(content)
    likely = {*patterns, *(line for encoded in names.values() for line in by_name.get(encoded.lower(), ()))}
    for number, marker, words in sorted(likely):
        for name, encoded in names.items():
            if matches(encoded, words[0]):
                try:
                    kind, key = read_key(words[1:])
                except ValueError:
                    break
                yield Entry(name, Marker(marker), kind, key, file, number)


@functools.lru_cache(maxsize=8)
def _index(content: bytes) -> tuple[dict[bytes, list[Line]], list[Line]]:
    """The lines of a file that have names as they are, by name; and those with patterns or hashes.

    Many hosts have one file: it is read anew for each, and looked through once.
    """
    by_name: dict[bytes, list[Line]] = {}
    patterns = []
    for number, line in enumerate(content.split(b"\n"), 1):
        words = line.split()
        if not words or words[0].startswith(b"#"):
            continue
        marker = b""
        if words[0].startswith(b"@"):
            if _first_word(line) not in (Marker.AUTHORITY.value, Marker.REVOKED.value):
                continue
            marker = words.pop(0)
        if not words:
            continue
        found = (number, marker, tuple(words))
        if any(sign in words[0] for sign in PATTERN):
            patterns.append(found)
        else:
            for name in words[0].lower().split(b","):
                by_name.setdefault(name, []).append(found)
    return by_name, patterns


def _first_word(line: bytes) -> bytes:
    """A line's marker. A tab ends it only where the line has no blank at all."""
    begun = line.lstrip(b" \t")
    return begun.partition(b" " if b" " in begun else b"\t")[0]


def _hashed(name: bytes, names: bytes) -> bool:
    """Whether it is |1|SALT|HASH of the name."""
    try:
        _, version, salt, found = names.split(b"|")
        if version != b"1":
            return False
        return hmac.digest(binascii.a2b_base64(salt), name, "sha1") == binascii.a2b_base64(found)
    except (ValueError, binascii.Error):
        return False


def _fits(name: bytes, pattern: bytes) -> bool:
    """Whether the whole name fits a pattern with * and ?, in a number of steps that the lengths bound."""
    if b"*" not in pattern and b"?" not in pattern:
        return name == pattern
    for piece in pattern.replace(b"?", b"*").split(b"*"):
        if piece not in name:
            return False
    at = place = 0
    star, from_star = -1, 0
    while at < len(name):
        if place < len(pattern) and pattern[place] == ord("*"):
            star, from_star = place, at
            place += 1
        elif place < len(pattern) and pattern[place] in (ord("?"), name[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            from_star += 1
            at, place = from_star, star + 1
        else:
            return False
    return not pattern[place:].strip(b"*")
