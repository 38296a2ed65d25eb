"""Goals: what nobody needs any more is gone. Only what this tool itself loaded or unpacked is ever removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Optional

from .. import lines
from ..facts import Facts
from ..facts.engine import Image
from ..release import IMAGE, VERSION, Release, by_age
from ..step import Step
from ..target import Target
from .desired import rollback_target


def pruned(facts: Facts, target: Target, why: Optional[str] = None, keep: int = 2) -> Iterator[Step]:
    """No more images and unpacked releases are there than are to be kept."""
    for name in removable_images(facts, keep):
        line = lines.remove_image(facts, target, name)
        yield Step(why or f"{name} is not needed", line, f"{name} is removed from Docker")
    for version in removable_folders(facts, keep):
        folder = facts.host.place(version)
        line = lines.remove_release(facts, version)
        yield Step(why or f"{folder} is not needed", line, f"{folder} is removed")
    stay = facts.host.unpacked.keys() - set(removable_folders(facts, keep))
    yield from forgotten(facts, facts.host.decoded - stay, why)


def forgotten(facts: Facts, versions: Iterable[str], why: Optional[str] = None) -> Iterator[Step]:
    """What is kept decoded of those releases is gone; it can be made again from their archives."""
    for version in sorted(versions):
        case = why or f"the decoded image of {version} is not needed"
        yield Step(case, lines.remove_decoded(facts, version), f"the decoded image of {version} is removed")


def left(facts: Facts, keep: int = 2) -> list[str]:
    """What is not needed and yet stays, for only a person may remove it: a clause for each."""
    if not facts.engine:
        return []
    images = [facts.engine.images[name] for name in unneeded(facts, keep)]
    told = [f"{image.name} stays: {why}" for image in images if (why := _held(facts, image))]
    removable = {facts.host.place(version) for version in removable_folders(facts, keep)}
    folders = [folder for _, folder in _unneeded_folders(facts, keep) if folder not in removable]
    return told + [f"{folder} stays: this tool did not unpack it, or something was added to it" for folder in folders]


def unneeded(facts: Facts, keep: int = 2) -> list[str]:
    """The images beyond the number to keep: never what runs, the desired release, or the one to roll back to."""
    used = _used(facts) & facts.engine.images.keys() if facts.engine else set()
    others = [image for image in _newest(facts) if image not in used]
    return sorted(others[max(0, keep - len(used)) :])


def _used(facts: Facts) -> set[str]:
    """The images that run, are desired, are started by the unit, or are the ones to roll back to."""
    host, containers = facts.host, facts.engine.containers if facts.engine else ()
    running = {container.image for container in containers}
    back = next((image for image in _newest(facts) if image not in running), "")
    versions = (rollback_target(facts), host.desired and host.desired.version, host.unit and host.unit.version)
    named = {Release(version).image for version in versions if version}
    return {*running, *named, *((back,) if back and not versions[0] else ())}


def removable_images(facts: Facts, keep: int = 2) -> list[str]:
    """Those of them that this tool loaded, and no container holds."""
    images = facts.engine.images if facts.engine else {}
    return [name for name in unneeded(facts, keep) if not _held(facts, images[name])]


def removable_folders(facts: Facts, keep: int = 2) -> list[str]:
    """The versions whose folders this tool unpacked, where the image is not in Docker, or not needed there."""
    own, place = facts.host.own, facts.host.place
    return [version for version, folder in _unneeded_folders(facts, keep) if folder in own and folder == place(version)]


def _unneeded_folders(facts: Facts, keep: int) -> list[tuple[str, str]]:
    """(version, folder) of the unpacked releases whose images are not in Docker, or not needed there.

    One that has the lower layers of another, which is needed, is needed, too.
    """
    host = facts.host
    if not facts.engine:
        return []
    needed = (facts.engine.images.keys() - set(unneeded(facts, keep))) | _used(facts)
    bases = {base for version, base in host.parts.items() if Release(version).image in needed}
    used = {host.folder, host.unit.folder if host.unit else "", *(host.unpacked.get(base, "") for base in bases)}
    rows = [(version, folder) for version, folder in host.unpacked.items() if folder not in used]
    own = [(folder.rpartition("/")[2], folder) for folder in host.own if folder not in used]
    return sorted({row for row in (*rows, *own) if Release(row[0]).image not in needed})


def _held(facts: Facts, image: Image) -> Optional[str]:
    """Why an image is not removed, though it is not needed; None when it may be."""
    engine = facts.engine
    if engine and image.digest in engine.holders:
        return f"the container {engine.holders[image.digest]} holds it"
    if engine and any(container.digest == image.digest for container in engine.containers):
        return "a container runs it"
    return None if facts.host.is_loaded(image.name, image.digest) else "this tool did not load it"


def _newest(facts: Facts) -> list[str]:
    """The images in Docker whose tag is a version, the newest first."""
    images = facts.engine.images if facts.engine else {}
    known = [name for name in images if VERSION.fullmatch(name.removeprefix(f"{IMAGE}:"))]
    return sorted(known, key=lambda name: by_age(name.removeprefix(f"{IMAGE}:")), reverse=True)
