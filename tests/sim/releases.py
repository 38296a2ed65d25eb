"""The releases of a simulated host: its images in Docker, and what is unpacked of them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Optional

from ospreyops.errors import Failed
from ospreyops.facts.engine import Image

ALL = ("0.1", "0.2", "0.3", "0.4")
"""The protocol versions that an image serves by its label, unless a test says otherwise."""


def archive_sum(version: str) -> str:
    """The sha256 of the archive of a release."""
    return hashlib.sha256(version.encode()).hexdigest()


@dataclass
class SimReleases:
    """Images and folders. own: the versions that the tool unpacked; recorded: the images that it loaded, None at first.

    labels: version -> the protocol versions of its image; built: its architecture; rebuilt: version -> the digest that
    loading it gives. holders: digest -> a container of another name.
    unpacked_from: version -> the sha256 of the archive; parts: version -> the one that has its lower layers.
    layers: version -> those of its image. sums: the text of SHA256SUMS beside the archives.
    decoded: the versions that are kept decoded, the newest last.
    """

    images: dict[str, str] = field(default_factory=dict)
    unpacked: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)
    recorded: Optional[list[str]] = None
    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    architecture: str = "amd64"
    built: str = "amd64"
    rebuilt: dict[str, str] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    unpacked_from: dict[str, str] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    layers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    sums: str = ""
    decoded: list[str] = field(default_factory=list)

    def load(self, version: str) -> str:
        """What `docker load` comes to."""
        digest = self.rebuilt.get(version, f"sha256:{(version.replace('.', '') * 32)[:64]}")
        self.images[f"osprey/service:{version}"] = digest
        return f"Loaded image: osprey/service:{version}\nid {digest}\n"

    def keep(self, version: str) -> str:
        """What `docker load` comes to where the image archive is decoded, and kept so."""
        self.decoded = [*(one for one in self.decoded if one != version), version][-2:]
        return self.load(version)

    def load_part(self, version: str) -> str:
        """What `docker load` comes to without the lower layers: Docker must have those."""
        base = f"osprey/service:{self.parts[version]}"
        if base not in self.images:
            raise Failed("exit status 1: content digest not found")
        return self.load(version)

    def extract(self, version: str, digest: str = "", base: str = "") -> None:
        """What unpacking a release comes to: the tool's own mark is in it, with the archive's sha256."""
        self.unpacked.discard(version)
        self.parts.pop(version, None)
        if base:
            self.parts[version] = base
        else:
            self.unpacked.add(version)
        self.unpacked_from[version] = digest or archive_sum(version)
        self.own.add(version)

    def remember(self, rows: str) -> None:
        """What recording the images that were loaded comes to."""
        found = re.findall(r"'([0-9.]+ sha256:\S+(?: \S+)?)'", rows)
        self.recorded = [*(self.recorded or []), *found]

    def discard(self, version: str) -> None:
        """What removing a folder comes to; one that the tool did not unpack is left."""
        if version not in self.own:
            raise Failed("exit status 1")
        self.unpacked.discard(version)
        self.parts.pop(version, None)
        self.own.remove(version)

    def forget(self, name: str) -> None:
        """What `docker image rm` comes to."""
        if name not in self.images:
            raise Failed("exit status 1: No such image")
        del self.images[name]

    def described(self) -> dict[str, Image]:
        """The images as a look finds them."""
        return {
            name: Image(name, digest, 1, 1, self.labels.get(name[15:], ALL), self.built, self.layers.get(name[15:], ()))
            for name, digest in self.images.items()
        }
