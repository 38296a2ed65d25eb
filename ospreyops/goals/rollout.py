"""What a rollout is about: the release, how it may take over, and the container that runs it already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..delivery.archive import Archive
from ..errors import Blocked
from ..facts import Facts
from ..facts.engine import Container, EngineFacts, Refusal
from ..facts.programs import DOCKER, advice, missing
from ..release import Release
from ..target import Target

DRAIN = 3600
"""Seconds that running requests may take to finish, unless it is said otherwise."""


@dataclass(frozen=True)
class Rollout:
    """How a release comes to run; release: None when none is to run any more.

    given: its archive on this computer; then that archive's image is meant.
    stop_first: what runs may be stopped before, which is an outage.
    drain: seconds that running requests may take to finish. wait: for that; else what drains is left alone.
    replacing: the id of a container that is to be replaced, though it runs the release.
    keep: the id of a container that runs the release, whatever image its name means now; any_image: all of them do.
    image: the digest that the name is to mean when the release is started. proven: the one that it must mean.
    drop: the protocol versions that are served, and need not be any more; None when that is not asked.
    """

    release: Optional[Release]
    given: Optional[Archive] = None
    stop_first: bool = False
    drain: int = DRAIN
    wait: bool = True
    replacing: Optional[str] = None
    keep: Optional[str] = None
    any_image: bool = False
    image: Optional[str] = None
    proven: Optional[str] = None
    drop: Optional[frozenset[str]] = None


@dataclass(frozen=True)
class Plan:
    """What each phase of a rollout works on."""

    facts: Facts
    target: Target
    rollout: Rollout

    @property
    def release(self) -> Release:
        """The release that is to run; only a rollout to nothing has none, and none of its phases asks."""
        assert self.rollout.release
        return self.rollout.release

    @property
    def engine(self) -> EngineFacts:
        """What Docker has. Errors: Blocked when it could not be asked."""
        return engine_of(self.facts)

    @property
    def candidate(self) -> Optional[Container]:
        """The container that runs the release, from the image that is meant; kept by the unit, if any.

        Where several do, that is the one with the service's name; where any image will do, the one that serves.
        """
        unit, release = self.facts.host.unit, self.release
        if unit and (unit.state != "active" or unit.version != release.version):
            return None
        fitting = [container for container in self.engine.containers if self._fits(container)]
        serving = self.facts.serving
        if serving in fitting and (self.rollout.any_image or self.rollout.keep):
            return serving
        return next(iter(fitting), None)

    def _fits(self, container: Container) -> bool:
        usable = container.running and container.draining_since is None and container.id != self.rollout.replacing
        named = container.image == self.release.image
        return named and usable and self._reachable(container) and self._is_meant(container)

    def _is_meant(self, container: Container) -> bool:
        """The container's image is the one that is meant by the release's name."""
        if self.rollout.any_image or container.id == self.rollout.keep:
            return True
        if self.rollout.given:
            return is_image_of(self.facts, self.rollout.given, container.digest)
        known = self.engine.images.get(self.release.image)
        return known is None or known.digest == container.digest

    @property
    def script_folder(self) -> str:
        """The folder of the start script: of the release that is given, else as the host has it."""
        if self.rollout.given:
            return self.facts.host.place(self.release.version)
        return self.facts.host.script_folder(self.release.version)

    def _reachable(self, container: Container) -> bool:
        """Traffic can be switched to its port, or comes there anyway."""
        own = (None, self.target.settings.service_port)
        return self.facts.machine.active_port is not None or container.port in own


def is_image_of(facts: Facts, given: Archive, digest: str) -> bool:
    """An image in Docker is that of an archive: by its digest, or as this tool recorded when it loaded it."""
    loaded = facts.host.loaded or ()
    return digest == given.key or any((image.digest, image.source) == (digest, given.key) for image in loaded)


def in_use(facts: Facts, container: Container) -> bool:
    """Ending it loses something: the host is content with the service, or the container computes."""
    return container.running and bool(container.jobs or not facts.local.version_problem(container.version))


def check_programs(facts: Facts) -> None:
    """Check that the host has what a release is started and judged with. Errors: Blocked, with what installs it."""
    if found := missing(facts.host.tools):
        raise Blocked(f"{facts.host.name} has no {' and no '.join(found)}", hint=advice(facts.host.tools))


def engine_of(facts: Facts) -> EngineFacts:
    """What Docker has of the service. Errors: Blocked, in Docker's own words, when it could not be asked."""
    if facts.engine:
        return facts.engine
    name, refusal = facts.host.name, facts.refusal
    if facts.machine.vm:
        raise Blocked(f"Docker on {name} cannot be used: {facts.machine.why}", hint=f"inv machine.start -H {name}")
    if DOCKER in missing(facts.host.tools):
        raise Blocked(f"there is no docker command on {name}", hint=advice(facts.host.tools))
    if refusal and refusal.kind is Refusal.DENIED:
        hint = "log in as a user who may use sudo"
        raise Blocked(f"{facts.host.user} may not use Docker on {name}: {refusal}", hint=hint)
    raise Blocked(
        f"Docker on {name} does not answer: {refusal}", hint="start it there, e.g. sudo systemctl start docker"
    )
