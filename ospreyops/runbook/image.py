"""Runbook, "Installing the Docker image": the releases on a host, and the images in its Docker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Optional

from ..change.reach import reach
from ..change.site import Site
from ..cli import as_json, release_of, task
from ..delivery.archive import Archive, archive
from ..facts import Facts
from ..fleet import Kind
from ..goals.fitness import check_archive
from ..goals.image import described, loaded
from ..goals.marks import marked, marks
from ..goals.prune import left, pruned
from ..goals.rollout import engine_of
from ..outcome import Outcome
from ..release import IMAGE, Release, by_age
from ..settings import number
from ..step import Step
from ..text import size, table

VERSION_HELP = {"version": "the release's version, like 0.3"}
FROM_HELP = {"from_": "the release archive on this computer, or a folder with it; uploaded to the host"}


def rows(facts: Facts, site: Site) -> None:
    """The releases in a status table: which one runs, which is desired, which is the rollback target."""
    found = marked(facts)
    if not facts.engine or not found:
        site.console.row(None, "images", "none" if facts.engine else "unknown")
    for place, (version, told) in enumerate(found):
        site.console.row(None, "" if place else "releases", f"{version:<8} {told}")


def given_by(path: str, release: Release, site: Site) -> Optional[Archive]:
    """The archive that `--from` names on this computer, judged; None without `--from`. Errors: Blocked, Failed."""
    return archive(path, release, site.settings.pin(release.version)) if path else None


@task(help={**VERSION_HELP, **FROM_HELP})
def load(site: Site, version: str = "", from_: str = "") -> Outcome:
    """Load a release's image into Docker."""
    release = release_of(version)
    given = given_by(from_, release, site)

    def goal(facts: Facts) -> Iterator[Step]:
        check_archive(facts, given)
        return loaded(facts, site.target, release, given)

    did = reach(site, goal)
    return site.finished(did, f"{described(site.last, release)} is in Docker")


@task(kind=Kind.LOOK, name="list", help={"json_": "one line of JSON"})
def list_(site: Site, json_: bool = False) -> None:
    """Show the releases on the host and the images."""
    facts = site.look()
    images, host = engine_of(facts).images, facts.host
    if json_:
        found = {"images": as_json(images), "unpacked": host.unpacked, "archives": host.archives, "parts": host.parts}
        site.console.data({"host": site.name, **found})
        return
    cells = [["IMAGE", "DIGEST", "CREATED", "SIZE", "STATE"]]
    for image in sorted(images.values(), key=lambda image: image.created):
        created = time.strftime("%Y-%m-%d", time.gmtime(image.created))
        state = ", ".join(marks(facts, image.name.removeprefix(f"{IMAGE}:")))
        cells.append([image.name, image.digest[:19], created, size(image.size), state])
    with site.console.together:
        site.console.say(table(cells), hang=2)
        for version in sorted({*host.unpacked, *host.archives}, key=by_age):
            where = host.unpacked.get(version) or host.archives[version][0]
            site.console.say(f"release {version} is on the host: {where}", hang=2)
        for version, base in sorted(host.parts.items()):
            site.console.say(f"release {version} is on the host: {host.place(version)}, on top of {base}", hang=2)


@task(help={"keep": "releases to keep, the running one and the rollback target included (default 2)"})
def prune(site: Site, keep: str = "2") -> Outcome:
    """Remove images and unpacked releases not needed.

    It removes only what this tool loaded or unpacked, and lists what else nobody needs.
    """
    count = number("--keep", keep)

    def goal(facts: Facts) -> Iterator[Step]:
        engine_of(facts)
        yield from pruned(facts, site.target, keep=count)

    did = reach(site, goal)
    for clause in left(site.last, count):
        site.console.dim(clause)
    images = ", ".join(sorted(engine_of(site.last).images)) or "none"
    return site.finished(did, f"images in Docker: {images}")
