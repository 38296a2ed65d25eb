"""A release of the Osprey service: its names, and what its archive must look like (field book: osprey-release, 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .errors import Blocked, Usage

PROBES = r"(\"uri\": *\"|(GET|HEAD) )/(v[0-9.]+/)?about[\" ]"
"""What the log has of questions as this tool asks them, as grep -E reads it: they say nothing of a failure."""
VERSION = re.compile(r"[0-9]{1,4}(\.[0-9]{1,4}){1,2}")
IMAGE = "osprey/service"
CONTAINER = "osprey-service"
SCRIPT = "osprey-service"
UNIT = "osprey"
MARK = ".ospreyops-release"
"""The file in a folder that this tool unpacked a release into; it lists what the folder had then."""
LAYERS = "layers.tar.bz2"
"""The image archive in the part of a release: without the layers that another release has."""
DECODED = ".decoded"
"""The folder beside the releases with image archives that were decoded once (delivery/decoded.pl)."""
UNTOUCHED = f'[ -f {MARK} ] && [ -z "$(find . ! -name . 2>&1 | grep -Fxv -f {MARK})" ]'
"""What a shell in such a folder tells: nothing is in it that the list does not have."""


@dataclass(frozen=True, order=True)
class Release:
    """One version of the service; the version is also the protocol version in its URLs."""

    version: str

    @property
    def failed_log(self) -> str:
        """The log of its last start that failed, in the folder."""
        return f"{CONTAINER}-failed-{self.version}.log"

    @property
    def image(self) -> str:
        """The image's name in Docker, `osprey/service:0.3`."""
        return f"{IMAGE}:{self.version}"

    @property
    def archive(self) -> str:
        """The release archive, an uncompressed tar that holds the compressed image."""
        return f"osprey-service-docker-{self.version}.tar"

    @property
    def image_archive(self) -> str:
        """The compressed image in the release archive, as `docker load` takes it."""
        return f"{self.archive}.bz2"


def parse(version: str) -> Release:
    """The release of that version. Errors: Usage for anything that is not like 0.3."""
    if VERSION.fullmatch(version):
        return Release(version)
    near = ".".join(re.findall("[0-9]+", version))
    if VERSION.fullmatch(near):
        raise Usage(f"{version!r} is not a version; did you mean {near}?")
    raise Usage(f"{version!r} is not a version", hint="one like 0.3")


def by_age(version: str) -> tuple[int, ...]:
    """A sort key: 0.10 is newer than 0.9."""
    return tuple(int(part) for part in version.split("."))


def versions_of(labels: Any) -> tuple[str, ...]:
    """The protocol versions of an image's label: what is between the brackets (field book: osprey-release, 2)."""
    label = labels.get("osprey.service.versions") if isinstance(labels, dict) else None
    listed = re.match(r"\[([0-9., ]*)\]", label) if isinstance(label, str) else None
    parts = [part.strip() for part in listed[1].split(",")] if listed else []
    return tuple(part for part in parts if VERSION.fullmatch(part))


def check_members(release: Release, names: str, listing: str, image: str = "") -> None:
    """Check the members of a release archive. Errors: Blocked when it writes outside of its folder, or is another one.

    names, listing: what `tar -tf` and `tar -tvf` print of it, a line per member. image: the member with the image.
    """
    members, modes = names.strip("\n").split("\n"), listing.strip("\n").split("\n")
    unsafe = f"{release.archive} is not safe to unpack"
    if len(members) != len(modes):
        raise Blocked(f"{unsafe}: not all of its members can be listed")
    for member, mode in zip(members, modes):
        if mode[:1] not in ("-", "d"):
            raise Blocked(f"{unsafe}: {member} is not a plain file")
        if member.startswith("/") or ".." in member.split("/"):
            raise Blocked(f"{unsafe}: {member} lies outside of its folder")
    present = {member.removeprefix("./") for member in members}
    if missing := [name for name in (SCRIPT, image or release.image_archive) if name not in present]:
        raise Blocked(
            f"{release.archive} is not a release of {release.version}: it has no {' and no '.join(missing)}",
            evidence="it has: " + ", ".join(sorted(present)[:10]),
        )
