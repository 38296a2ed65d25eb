"""Runbook, "Installing the Docker image": the releases on a host, and the images in its Docker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Optional

from .. import delivery
from ..cli import as_json, task, wanted
from ..command import Command, sh
from ..console import size, table
from ..errors import Blocked
from ..facts import Facts
from ..lock import FILES
from ..plan import Step, reach
from ..release import VERSION, Release, by_age
from ..settings import number
from ..site import Site
from ..wanted import before
from . import machine
from .machine import engine_of


def unpacked(facts: Facts, site: Site, release: Release, given: Optional[Path]) -> Iterator[Step]:
    """The release lies unpacked in a folder of its own on the host."""
    host, version = facts.host, release.version
    if given is None and version in host.unpacked:
        return
    archive, needed = (str(given), given.stat().st_size) if given else host.archives.get(version, ("", 0))
    if not archive:
        known = sorted({*host.unpacked, *host.archives}, key=by_age)
        raise Blocked(
            f"release {version} is not on {host.name}",
            evidence=f"looked in {host.folder} and for {site.settings.archive}/{release.archive}\n"
            f"there are: {', '.join(known) or 'none'}",
            hint=f"--from FILE, with {release.archive} on this computer",
        )
    sent, sudo = given is not None and not site.settings.here, not host.writable
    needed *= 2 if sent else 1
    if host.disk_free is not None and host.disk_free < needed:
        room = f"{size(host.disk_free)} free for {host.folder}, {size(needed)} needed"
        raise Blocked(f"the disk of {host.name} is full: {room}", hint="inv image.list shows what releases lie there")
    if given and sent:
        archive = f"{host.folder}/.incoming/{release.archive}"
        yield Step(
            f"{given.name} is on this computer",
            delivery.Send(given, archive, site.settings.ssh, sudo),
            f"{given.name} is sent",
        )
    unpack = delivery.Unpack(release, archive, host.place(version), consume=sent, sudo=sudo)
    yield Step(f"release {version} is not unpacked on the host", unpack, f"release {version} is unpacked")


def loaded(facts: Facts, site: Site, release: Release, given: Optional[Path] = None) -> Iterator[Step]:
    """The release's image is in Docker."""
    yield from machine.answering(facts, site)
    if not facts.engine:
        return
    engine, host = facts.engine, facts.host
    there, cut_off = release.image in engine.images, release.version in host.loading
    if there and (not cut_off or any(one.image == release.image for one in engine.containers)):
        return
    yield from unpacked(facts, site, release, given)
    folder = (not given and host.unpacked.get(release.version)) or host.place(release.version)

    def restore(name: str) -> Command:
        before = engine.images.get(name)
        return site.machine.restore_image(facts, name, before.digest if before else "")

    files, name = f"{host.folder}/{FILES}", f"loading-{release.version}"
    marking = partial(sh, files=files, mark=name, limit=20, sudo=not host.writable)
    load = delivery.Load(
        site.machine.load(facts, folder, release),
        release,
        restore,
        mark=marking("umask 022 && mkdir -p {files} && cd {files} && { [ -e {mark} ] || : >{mark}; }"),
        unmark=marking("rm -f {files}/{mark}"),
        remove=site.machine.restore_image(facts, release.image, "") if cut_off else None,
    )
    why = f"the last load of {release.image} did not end" if cut_off else f"{release.image} is not in Docker"
    yield Step(why, load, f"{release.image} is in Docker")


def unneeded(facts: Facts, keep: int = 2) -> list[str]:
    """The images beyond the number to keep: never what runs, what is meant to, and what one would go back to."""
    engine, host = facts.engine, facts.host
    if not engine:
        return []
    running = {one.image for one in engine.containers}
    back = before(facts) or next((version for version in _newest(facts) if Release(version).image not in running), "")
    versions = {back, host.wanted.version if host.wanted else ""} - {""}
    used = {*running, *(Release(version).image for version in versions)} & engine.images.keys()
    others = [image for image in map(_image_of, _newest(facts)) if image in engine.images and image not in used]
    return sorted(others[max(0, keep - len(used)) :])


def _newest(facts: Facts) -> list[str]:
    """The versions of the images in Docker, the newest first."""
    images = facts.engine.images if facts.engine else {}
    return sorted((name.rpartition(":")[2] for name in images if _versioned(name)), key=by_age, reverse=True)


def _versioned(name: str) -> bool:
    return bool(VERSION.fullmatch(name.rpartition(":")[2]))


def _image_of(version: str) -> str:
    return Release(version).image


def unneeded_folders(facts: Facts, keep: int = 2) -> list[str]:
    """The folders of unpacked releases whose images are not in Docker, or not needed there."""
    if not facts.engine:
        return []
    folders = {Release(version).image: folder for version, folder in facts.host.unpacked.items()}
    kept = facts.engine.images.keys() - set(unneeded(facts, keep))
    return sorted(folder for image, folder in folders.items() if image not in kept and folder != facts.host.folder)


def pruned(facts: Facts, site: Site, why: str, keep: int = 2) -> Iterator[Step]:
    """No more images and unpacked releases are there than are to be kept."""
    for name in unneeded(facts, keep):
        yield Step(why or f"{name} is not needed", site.machine.restore_image(facts, name, ""), f"{name} is removed")
    for folder in unneeded_folders(facts, keep):
        line = sh("rm -rf {folder}", folder=folder, limit=120, sudo=not facts.host.writable)
        yield Step(why or f"{folder} is not needed", line, f"{folder} is removed")


def given_by(path: str, release: Release) -> Optional[Path]:
    """The archive that `--from` names on this computer, None without `--from`."""
    return delivery.source(path, release) if path else None


def described(facts: Facts, release: Release) -> str:
    """The image with its digest, once it is in Docker."""
    image = facts.engine and facts.engine.images.get(release.image)
    return f"{release.image} ({image.digest[:19]})" if image else release.image


VERSION_HELP = {"version": "the release's version, like 0.3"}
FROM_HELP = {"from_": "the release archive on this computer, or a folder with it; sent to the host"}


@task(help={**VERSION_HELP, **FROM_HELP})
def load(site: Site, version: str = "", from_: str = "") -> str:
    """Load a release's image into Docker."""
    release = wanted(version)
    given = given_by(from_, release)
    did = reach(site, lambda facts: loaded(facts, site, release, given))
    facts = site.last
    return site.finished(did, f"{described(facts, release)} is in Docker")


@task(name="list", help={"json_": "one line of JSON"})
def list_(site: Site, json_: bool = False) -> None:
    """Show the releases on the host and the images in Docker."""
    facts = site.look()
    engine = engine_of(facts)
    if json_:
        site.console.data(
            {
                "host": site.name,
                "images": as_json(engine.images),
                "unpacked": facts.host.unpacked,
                "archives": facts.host.archives,
            }
        )
        return
    versions = sorted({*facts.host.unpacked, *facts.host.archives}, key=by_age)
    rows = [["IMAGE", "DIGEST", "CREATED", "SIZE"]]
    for image in sorted(engine.images.values(), key=lambda image: image.created):
        created = time.strftime("%Y-%m-%d", time.gmtime(image.created))
        rows.append([image.name, image.digest[:19], created, size(image.size)])
    site.console.say(table(rows))
    for version in versions:
        where = facts.host.unpacked.get(version) or facts.host.archives[version][0]
        site.console.say(f"release {version} is on the host: {where}")


@task(help={"keep": "how many releases stay, those among them that run or that one would go back to"})
def prune(site: Site, keep: str = "2") -> str:
    """Remove images and unpacked releases that are not needed any more."""
    count = number("--keep", keep)

    def goal(facts: Facts) -> Iterator[Step]:
        engine_of(facts)
        yield from pruned(facts, site, "", count)

    did = reach(site, goal)
    left = ", ".join(sorted(engine_of(site.last).images)) or "none"
    return site.finished(did, f"images in Docker: {left}")
