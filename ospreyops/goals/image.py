"""Goals: a release is on the host, and its image in Docker; runbook, "Installing the Docker image"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Optional

from .. import lines
from ..delivery.extract import Extract
from ..delivery.load import Load
from ..delivery.upload import Upload
from ..errors import Blocked
from ..facts import Facts
from ..release import VERSION, Release, by_age
from ..remote.command import Command, sh
from ..step import Step
from ..target import Target
from ..text import size
from . import machine
from .desired import rollback_target
from .rollout import Plan


def prepared(plan: Plan, *, starting: bool) -> Iterator[Step]:
    """Docker answers, and has the release's image; the start script is on the host, if it is to be started."""
    facts, target, release, given = plan.facts, plan.target, plan.release, plan.rollout.given
    yield from loaded(facts, target, release, given)
    if starting and release.image in plan.engine.images and plan.script_folder not in facts.host.unpacked.values():
        yield from unpacked(facts, target, release, given)


def unpacked(facts: Facts, target: Target, release: Release, given: Optional[Path]) -> Iterator[Step]:
    """The release lies unpacked in a folder of its own on the host. Errors: Blocked."""
    host, version = facts.host, release.version
    if given is None and version in host.unpacked:
        return
    archive, needed = _archive(facts, target, release, given)
    sent, sudo = given is not None and not target.settings.here, not host.writable
    needed *= 2 if sent else 1
    if host.disk_free is not None and host.disk_free < needed:
        room = f"{size(host.disk_free)} free for {host.folder}, {size(needed)} needed"
        raise Blocked(f"the disk of {host.name} is full: {room}", hint="inv image.list shows what releases lie there")
    if given and sent:
        archive = f"{host.folder}/.incoming/{release.archive}"
        upload = Upload(given, archive, target.settings.ssh, sudo)
        yield Step(f"{given.name} is on this computer", upload, f"{given.name} is uploaded")
    extract = Extract(release, archive, host.place(version), consume=sent, sudo=sudo)
    yield Step(f"release {version} is not unpacked on the host", extract, f"release {version} is unpacked")


def _archive(facts: Facts, target: Target, release: Release, given: Optional[Path]) -> tuple[str, int]:
    """The release archive and its size in bytes. Errors: Blocked when there is none, or it cannot be read."""
    host = facts.host
    if given:
        try:
            return str(given), given.stat().st_size
        except OSError as error:
            raise Blocked(f"{given} cannot be read: {error.strerror}") from None
    if release.version in host.archives:
        return host.archives[release.version]
    known = ", ".join(sorted({*host.unpacked, *host.archives}, key=by_age)) or "none"
    looked = f"looked in {host.folder} and for {target.settings.archive}/{release.archive}"
    raise Blocked(
        f"release {release.version} is not on {host.name}",
        evidence=f"{looked}\nthere are: {known}",
        hint=f"--from FILE, with {release.archive} on this computer",
    )


def loaded(facts: Facts, target: Target, release: Release, given: Optional[Path] = None) -> Iterator[Step]:
    """The release's image is in Docker, whole."""
    yield from machine.up(facts, target)
    if not facts.engine:
        return
    engine, cut_off = facts.engine, release.version in facts.host.loading
    in_use = any(container.image == release.image for container in engine.containers)
    if release.image in engine.images and (not cut_off or in_use):
        return
    yield from unpacked(facts, target, release, given)
    why = f"the last load of {release.image} did not end" if cut_off else f"{release.image} is not in Docker"
    yield Step(why, _load(facts, target, release, given), f"{release.image} is in Docker")


def _load(facts: Facts, target: Target, release: Release, given: Optional[Path]) -> Load:
    """The action that loads the image, with the lines that make it whole or undo it."""
    host, images = facts.host, facts.engine.images if facts.engine else {}
    folder = (not given and host.unpacked.get(release.version)) or host.place(release.version)

    def restore(name: str) -> Command:
        before = images.get(name)
        if before:
            return lines.name_image(facts, target, name, before.digest)
        return lines.remove_image(facts, target, name)

    marking = partial(sh, files=host.files, mark=f"loading-{release.version}", limit=20, sudo=not host.writable)
    return Load(
        lines.load(facts, target, folder, release),
        release,
        restore,
        mark=marking("umask 022 && mkdir -p {files} && cd {files} && { [ -e {mark} ] || : >{mark}; }"),
        unmark=marking("rm -f {files}/{mark}"),
        remove=lines.remove_image(facts, target, release.image) if release.version in host.loading else None,
    )


def unneeded(facts: Facts, keep: int = 2) -> list[str]:
    """The images beyond the number to keep: never what runs, the desired release, or the one to roll back to."""
    engine, host = facts.engine, facts.host
    if not engine:
        return []
    running = {container.image for container in engine.containers}
    newest = [Release(version) for version in _newest(facts)]
    back = rollback_target(facts) or next((known.version for known in newest if known.image not in running), None)
    versions = [version for version in (back, host.desired and host.desired.version) if version]
    used = {*running, *(Release(version).image for version in versions)} & engine.images.keys()
    others = [known.image for known in newest if known.image in engine.images and known.image not in used]
    return sorted(others[max(0, keep - len(used)) :])


def _newest(facts: Facts) -> list[str]:
    """The versions of the images in Docker, the newest first."""
    tags = [name.rpartition(":")[2] for name in facts.engine.images] if facts.engine else []
    return sorted(filter(VERSION.fullmatch, tags), key=by_age, reverse=True)


def unneeded_folders(facts: Facts, keep: int = 2) -> list[str]:
    """The folders of unpacked releases whose images are not in Docker, or not needed there."""
    if not facts.engine:
        return []
    folders = {Release(version).image: folder for version, folder in facts.host.unpacked.items()}
    needed = facts.engine.images.keys() - set(unneeded(facts, keep))
    return sorted(folder for image, folder in folders.items() if image not in needed and folder != facts.host.folder)


def pruned(facts: Facts, target: Target, why: Optional[str] = None, keep: int = 2) -> Iterator[Step]:
    """No more images and unpacked releases are there than are to be kept."""
    for name in unneeded(facts, keep):
        line = lines.remove_image(facts, target, name)
        yield Step(why or f"{name} is not needed", line, f"{name} is removed from Docker")
    for folder in unneeded_folders(facts, keep):
        line = sh("rm -rf {folder}", folder=folder, limit=120, sudo=not facts.host.writable)
        yield Step(why or f"{folder} is not needed", line, f"{folder} is removed")


def described(facts: Facts, release: Release) -> str:
    """The image with its digest, once it is in Docker."""
    image = facts.engine and facts.engine.images.get(release.image)
    return f"{release.image} ({image.digest[:19]})" if image else release.image
