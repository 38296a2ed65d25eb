"""Whether a part of a release is enough, for the host has its other layers (docs/decisions/send-layers.md)."""

from __future__ import annotations

from typing import Optional

from ..delivery.archive import Archive
from ..delivery.part import Part
from ..delivery.partial import alike, words
from ..facts import Facts
from ..lines import whole_images
from ..release import Release, by_age
from ..target import Target


def part(facts: Facts, target: Target, release: Release, given: Optional[Archive]) -> Optional[Part]:
    """The part of a given archive that is to be sent; None where that is the whole one.

    The other layers are those of a release that lies whole on the host, and in Docker: without this computer, too, the
    host can load both again. With less than half of the layers, the part is not worth its making.
    """
    host, image = facts.host, given.image if given and not target.settings.here else None
    if not given or not image or release.version in host.parts.values():
        return None
    there = {one.name.rpartition(":")[2]: one.layers for one in whole_images(facts)}
    bases = {
        version: layers for version, layers in there.items() if version in host.unpacked.keys() - {release.version}
    }
    shared = {version: alike(layers, image.layers) for version, layers in bases.items()}
    base = max(shared, key=lambda version: (shared[version], by_age(version)), default="")
    if not base or 2 * shared[base] < len(image.layers):
        return None
    told = words(image.texts, [bases[base]], release.image)
    return Part(given.path, release, told, base) if told else None


def base(facts: Facts, target: Target, release: Release) -> Optional[Release]:
    """The release that is loaded before the part of another that the host has; None where it has none of use."""
    host, version, pin = facts.host, release.version, target.settings.pin(release.version)
    found = host.parts.get(version, "")
    if found not in host.unpacked or version in host.archives or (pin and host.unpacked_from.get(version) != pin):
        return None
    return Release(found)
