"""Whether an image may take over: it is the one that is meant, runs on this engine, and cuts no user off."""

from __future__ import annotations

from typing import Optional

from ..delivery.archive import Archive
from ..errors import Blocked
from ..facts import Facts
from ..lines import check_unit_folder
from .rollout import Plan


def check_archive(facts: Facts, given: Optional[Archive]) -> None:
    """Check an archive before it is sent. Errors: Blocked when it is for another engine."""
    built = given.image.architecture if given and given.image else None
    if given and built and facts.engine:
        _check_architecture(facts, given.path.name, built)


def check_given(plan: Plan) -> None:
    """Check what tells before anything is changed. Errors: Blocked when the release must not, or cannot, take over."""
    given = plan.rollout.given
    check_archive(plan.facts, given)
    unit, script = plan.facts.host.unit, plan.script_folder
    if unit and (unit.version, unit.folder) != (plan.release.version, script):
        check_unit_folder(script)
    if given and given.image and not _serves(plan):
        _check_versions(plan, plan.release.image, given.image.versions)


def check_image(plan: Plan) -> None:
    """Check the release's image in Docker. Errors: Blocked when it must not take over."""
    image = plan.engine.images.get(plan.release.image)
    if image is None or _serves(plan):
        return
    _check_architecture(plan.facts, image.name, image.architecture)
    wanted, host = plan.rollout.proven, plan.facts.host
    if wanted and not host.same_image(image.digest, wanted):
        raise Blocked(
            f"{image.name} in Docker is {image.digest[:19]}, not {wanted[:19]}, which was healthy here",
            hint=f"inv deploy {plan.release.version} -H {host.name} tries it;"
            f" docker image tag {wanted} {image.name} brings the other one back, if Docker still has it",
        )
    _check_versions(plan, image.name, image.versions)


def _serves(plan: Plan) -> bool:
    """What is meant serves already."""
    return plan.candidate is not None and plan.candidate is plan.facts.serving


def _check_versions(plan: Plan, name: str, versions: tuple[str, ...]) -> None:
    if lost := dropped(plan, versions):
        named = ", ".join(lost)
        raise Blocked(
            f"{name} serves {', '.join(versions)}, not {named}: who uses OSPREY Desktop of protocol {named}"
            " would be cut off",
            hint=f"--drop-versions {','.join(lost)}, if nobody does; else a release that serves {named}, too",
        )


def dropped(plan: Plan, versions: tuple[str, ...]) -> list[str]:
    """The protocol versions that are served now, and would not be with an image that has those."""
    if plan.rollout.drop is None or not versions:
        return []
    served = {version for version, problem in plan.facts.local.desktop.items() if problem is None}
    return sorted(served - {*versions} - plan.rollout.drop)


def _check_architecture(facts: Facts, name: str, built: str) -> None:
    engine = facts.engine.architecture if facts.engine else ""
    if built and engine and built != engine:
        raise Blocked(f"{name} is built for {built}, and Docker on {facts.host.name} is on {engine}")
