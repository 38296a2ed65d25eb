"""What each release is to a host: the one that runs, the desired one, the rollback target. Tasks show it."""

from __future__ import annotations

from ..facts import Facts
from ..release import IMAGE, VERSION, Release, by_age
from .desired import rollback_target

RUNNING, DESIRED, TARGET = "running", "desired", "rollback target"


def marks(facts: Facts, version: str) -> list[str]:
    """What a release is to the host, in the order of the words above; empty when it is none of that."""
    serving, desired = facts.serving, facts.host.desired
    known = {
        RUNNING: serving.version if serving and serving.running else None,
        DESIRED: desired.version if desired else None,
        TARGET: rollback_target(facts),
    }
    return [mark for mark, marked in known.items() if marked == version]


def marked(facts: Facts) -> list[tuple[str, str]]:
    """The releases in Docker, and those that run, are desired or are the rollback target: newest first, with marks."""
    images = facts.engine.images if facts.engine else {}
    desired, target, serving = facts.host.desired, rollback_target(facts), facts.serving
    versions = {name.removeprefix(f"{IMAGE}:") for name in images}
    versions |= {version for version in (target, desired and desired.version, serving and serving.version) if version}
    return [(version, _told(facts, version)) for version in sorted(versions, key=_by_age, reverse=True)]


def _by_age(version: str) -> tuple[int, ...]:
    """The newest last; what is no version, such as `latest`, first."""
    return by_age(version) if VERSION.fullmatch(version) else ()


def _told(facts: Facts, version: str) -> str:
    absent = facts.engine is not None and Release(version).image not in facts.engine.images
    return ", ".join([*marks(facts, version), *(["not in Docker"] if absent else [])]) or "in Docker"
