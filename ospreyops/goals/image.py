"""Goals: a release is on the host, and its image in Docker; runbook, "Installing the Docker image"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Optional

from .. import lines
from ..delivery.archive import Archive
from ..delivery.extract import Extract
from ..delivery.load import Load
from ..delivery.part import Part
from ..delivery.send_part import SendPart
from ..delivery.upload import Upload
from ..errors import Blocked
from ..facts import Facts
from ..release import LAYERS, Release
from ..remote.command import Command, sh
from ..remote.perl import program
from ..step import Action, Step
from ..target import Target
from ..text import either, near, size
from . import fitness, machine
from .desired import at_hand
from .part import base, part
from .rollout import Plan, is_image_of


def prepared(plan: Plan, *, starting: bool) -> Iterator[Step]:
    """Docker answers, and has the release's image; the start script is on the host, if it is to be started.

    Errors: Blocked when that image must not take over.
    """
    facts, target, release, given = plan.facts, plan.target, plan.release, plan.rollout.given
    if not starting and (plan.rollout.keep or plan.rollout.any_image):
        return
    fitness.check_given(plan)
    steps = list(loaded(facts, target, release, given))
    yield from steps
    if not steps:
        fitness.check_image(plan)
    if starting and plan.rollout.image:
        yield from named(facts, target, release, plan.rollout.image)
    if starting and release.image in plan.engine.images and plan.script_folder not in facts.host.script_folders:
        yield from unpacked(facts, target, release, given)


def unpacked(facts: Facts, target: Target, release: Release, given: Optional[Archive]) -> Iterator[Step]:
    """The release lies unpacked in a folder of its own on the host. Errors: Blocked."""
    if _folder(facts, target, release, given):
        return
    upload, extract = _ways(facts, target, release, given)
    if upload:
        name = upload.source.name
        yield Step(f"{name} is on this computer", upload, f"{name} is uploaded")
    yield Step(
        f"release {release.version} is not unpacked on the host", extract, f"release {release.version} is unpacked"
    )


def _ways(facts: Facts, target: Target, release: Release, given: Optional[Archive]) -> tuple[Optional[Upload], Extract]:
    """How the release comes into its folder; no upload where its archive is there. Errors: Blocked."""
    host, version, upload = facts.host, release.version, None
    archive, needed = _archive(facts, target, release, given)
    sent, sudo = given is not None and not target.settings.here, not host.writable
    needed *= 2 if sent else 1
    if host.disk_free is not None and host.disk_free < needed:
        room = f"{size(host.disk_free)} free for {host.folder}, {size(needed)} needed"
        raise Blocked(f"the disk of {host.name} is full: {room}", hint="inv image.list shows what releases lie there")
    if given and sent:
        archive = f"{host.folder}/.incoming/{release.archive}"
        upload = Upload(given.path, archive, target.settings.ssh, sudo)
    place, pin = host.place(version), target.settings.pin(version)
    return upload, Extract(release, archive, place, pin, consume=sent, sudo=sudo, sent=upload)


def _folder(facts: Facts, target: Target, release: Release, given: Optional[Archive]) -> Optional[str]:
    """Where the release lies unpacked, from the archive that is pinned, if one is; None where it must be unpacked."""
    host, version, pin = facts.host, release.version, target.settings.pin(release.version)
    if given or (pin and host.unpacked_from.get(version) != pin):
        return None
    return host.unpacked.get(version)


def _archive(facts: Facts, target: Target, release: Release, given: Optional[Archive]) -> tuple[str, int]:
    """The release archive and its size in bytes. Errors: Blocked when there is none, or it cannot be read."""
    host = facts.host
    if given:
        try:
            return str(given.path), given.path.stat().st_size
        except OSError as error:
            raise Blocked(f"{given.path} cannot be read: {error.strerror}") from None
    if release.version in host.archives:
        return host.archives[release.version]
    there = at_hand(facts)
    meant = near(release.version, there)
    looked = f"looked in {host.folder} and for {target.settings.archive}/{release.archive}"
    unlike = ", from the archive that osprey.releases names" if release.version in {*host.unpacked, *host.parts} else ""
    raise Blocked(
        f"release {release.version} is not on {host.name}{unlike}"
        + (f"; did you mean {either(meant)}?" if meant else ""),
        evidence=f"{looked}\nthere are: {', '.join(there) or 'none'}",
        hint=f"--from FILE, with {release.archive} on this computer",
    )


def loaded(facts: Facts, target: Target, release: Release, given: Optional[Archive] = None) -> Iterator[Step]:
    """The release's image is in Docker, whole; with an archive given, the image of that archive.

    One that lies on the host without its lower layers is loaded after the release that has them.
    """
    yield from machine.up(facts, target)
    if not facts.engine:
        return
    engine, name, cut_off = facts.engine, release.image, release.version in facts.host.loading
    in_use = any(container.image == name for container in engine.containers)
    other = given is not None and name in engine.images and not is_image_of(facts, given, engine.images[name].digest)
    if name in engine.images and not other and (not cut_off or in_use):
        return
    why = f"{name} in Docker is another image than that of {given.path.name}" if given and other else ""
    why = why or (f"the last load of {name} did not end" if cut_off else f"{name} is not in Docker")
    again = cut_off and not in_use
    do: Action
    if new := part(facts, target, release, given):
        why = f"{why}; most of its layers are, with {new.base}"
        do = _sent(facts, target, release, given, new)
    elif not given and not _folder(facts, target, release, given) and (lower := base(facts, target, release)):
        yield from loaded(facts, target, lower)
        why = f"{why}; its upper layers are on the host"
        do = _load(facts, target, release, None, again=again, file=LAYERS)
    else:
        yield from unpacked(facts, target, release, given)
        do = _load(facts, target, release, given, again=again)
    yield Step(why, do, f"{name} is in Docker", then_look=True)


def _sent(facts: Facts, target: Target, release: Release, given: Optional[Archive], new: Part) -> SendPart:
    """The action that sends and loads a part of a given archive, and the whole where that does not do."""
    upload, extract = _ways(facts, target, release, given)
    assert upload, "there is a part of what is sent alone"
    load = _load(facts, target, release, given, again=False)
    line = lines.load_gated(facts, target, facts.host.place(release.version), release, file=LAYERS)
    return SendPart(new, upload, extract, load, line)


def _load(
    facts: Facts, target: Target, release: Release, given: Optional[Archive], *, again: bool, file: str = ""
) -> Load:
    """The action that loads the image, with the lines that make it whole or undo it. file: as of lines.load_gated."""
    host, images = facts.host, facts.engine.images if facts.engine else {}
    folder = _folder(facts, target, release, given) or host.place(release.version)
    chains = [image.layers for image in lines.whole_images(facts)]

    def restore(name: str) -> Command:
        before = images.get(name)
        if before:
            return lines.name_image(facts, target, name, before.digest)
        return lines.remove_image(facts, target, name)

    def record(digest: str, source: str) -> Command:
        own = [f"{release.version} {digest} {given.key if given else source}"]
        rows = [*(_before(facts, release) if host.loaded is None else ()), *own]
        line = "printf '%s\\n' {rows} >>{files}/loaded"
        return marking(
            line.replace("{rows}", " ".join(f"{{row{number}}}" for number in range(len(rows)))),
            **{f"row{number}": row for number, row in enumerate(rows)},
        )

    marking = partial(
        sh,
        files=host.files,
        mark=f"loading-{release.version}",
        limit=20,
        sudo=not host.writable,
        own=host.folder,
        sync=program("ospreyops.remote", "sync.pl"),
    )
    return Load(
        lines.load(facts, target, folder, release, file=file),
        release,
        partial(lines.load_gated, facts, target, folder, release, file=file),
        restore,
        mark=marking(
            "umask 077 && mkdir -p {files} && cd {files} && { [ -e {mark} ] || : >{mark}; } && perl -e {sync} {mark}"
        ),
        unmark=marking("rm -f {files}/{mark}"),
        record=record,
        discard=lines.remove_release(facts, release.version) if folder == host.place(release.version) else None,
        remove=lines.remove_image(facts, target, release.image) if again else None,
        ending=lines.ending(facts, folder, release) if chains else None,
        chains=chains,
        hint=f"--from FILE, with {release.archive} on this computer" if file else "",
    )


def _before(facts: Facts, release: Release) -> list[str]:
    """The other images of this tool that are there when it begins to record what it loads."""
    images = facts.engine.images.values() if facts.engine else ()
    own = [image for image in images if image.name != release.image and facts.host.is_loaded(image.name, image.digest)]
    return [f"{image.name.rpartition(':')[2]} {image.digest}" for image in own]


def named(facts: Facts, target: Target, release: Release, digest: str) -> Iterator[Step]:
    """The release's name in Docker means the image of that digest."""
    known = facts.engine.images.get(release.image) if facts.engine else None
    if known and not facts.host.same_image(known.digest, digest):
        why = f"{release.image} in Docker is not the image that ran ({digest[:19]})"
        line = lines.name_image(facts, target, release.image, digest)
        yield Step(why, line, f"{release.image} is {digest[:19]} again", then_look=True)


def described(facts: Facts, release: Release) -> str:
    """The image with its digest: of the container that serves, else as it is in Docker."""
    serving = facts.serving
    if serving and serving.running and serving.image == release.image:
        return f"{release.image} ({serving.digest[:19]})"
    image = facts.engine and facts.engine.images.get(release.image)
    return f"{release.image} ({image.digest[:19]})" if image else release.image
