"""Roll a release out: what to do when that fails, how long the downtime was, and whom to tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Optional

from .. import lines
from ..errors import Blocked, Failed, OspreyError, Unhealthy
from ..facts import Facts
from ..facts.engine import Container
from ..goals import image, switchover
from ..goals.deploy import Stage, deployed, phases
from ..goals.rollout import Plan, Rollout
from ..release import Release, parse
from ..step import Step
from . import hooks
from .reach import reach
from .site import Site

NOT_ASKED = "not verified from outside"
"""What is said where this computer does not ask where users do: osprey.public is none, or a jump host is on the way."""


@dataclass
class DeployProgress:
    """What a rollout met so far.

    previous: what served before it; stop: the line that stops that one; downtime: seconds; took_over: the release did.
    asked: the pre_deploy hook was; start: the line that starts the release.
    """

    previous: Optional[Container] = None
    stop: str = ""
    downtime: Optional[float] = None
    asked: bool = False
    took_over: bool = False
    start: str = ""

    def see(self, facts: Facts, site: Site, release: Release) -> None:
        """Take in a look."""
        serving = facts.serving if facts.serving and not facts.serving.ended else None
        if site.change.untouched:
            self.previous = serving
            self.stop = str(lines.stop(facts, site.target, serving)) if serving else ""
        elif serving and not self._is_previous(serving) and not facts.problem(release.version):
            self.took_over = True
            self.downtime = site.change.since(self.stop) if self.downtime is None else self.downtime

    def _is_previous(self, container: Container) -> bool:
        return self.previous is not None and container.id == self.previous.id


def roll_out(site: Site, release: Release, rollout: Rollout, *, restart: bool = False) -> list[Step]:
    """Roll a release out; when that fails, the previous one serves on, or again. The hooks are told of it.

    restart: even where the release runs already, a container that started after this began is to run it.
    """
    progress = DeployProgress()

    def planned() -> Rollout:
        return replace(rollout, replacing=progress.previous.id if restart and progress.previous else None)

    def goal(facts: Facts) -> Iterator[Step]:
        progress.see(facts, site, release)
        steps = list(deployed(facts, site.target, planned()))
        progress.start = next((line for step in steps if lines.log_of(line := str(step.do))), progress.start)
        if steps and site.change.held and not progress.asked:
            progress.asked = True
            hooks.run_pre(site, release.version)
        return iter(steps)

    try:
        did = reach(site, goal)
    except (Failed, Blocked, Unhealthy) as error:
        if site.change.since(progress.start) is not None and not progress.took_over:
            error.log = _keep_log(site, release, lines.log_of(progress.start))
        if site.change.held and not site.change.untouched and progress.previous and not progress.took_over:
            verdict, error.serving = restore_previous(site, progress.previous, release)
            error.verdict = f"the rollout of {release.version} failed; {verdict}"
        if progress.asked:
            hooks.run_post(site, site.settings.deploy_failed, release.version, error.case)
        raise
    if site.dry and (still := phases(site.last, site.target, planned())):
        site.console.dim(f"# phases still to come: {'; '.join(still)}")
    if did:
        _tell(site, progress)
        hooks.run_post(site, site.settings.post_deploy, release.version, "ok")
    return did


def _keep_log(site: Site, release: Release, log: str) -> str:
    """Keep the log of the release that failed; the line that shows it, "" where it was never written."""
    line = lines.keep_log(site.last, release, log)
    try:
        with site.change.step(Step(f"{release.image} failed", line, f"the log of {release.image} is kept")):
            site.host.run(line)
    except OspreyError:
        return ""
    return f"inv service.logs {release.version} --failed -H {site.name}"


def _tell(site: Site, progress: DeployProgress) -> None:
    """Say what a rollout cost, and what nobody could verify."""
    if progress.downtime is not None:
        site.console.dim(f"downtime: {progress.downtime:.1f} s")
    if not site.dry and not site.last.outside and not site.settings.here:
        site.console.dim(NOT_ASKED)


def restore_previous(site: Site, previous: Container, failed: Release) -> tuple[str, str]:
    """Have the service that ran before a failed rollout serve; returns what is the case then: a clause, and a sentence.

    The container itself is kept, whatever image its name means by now. Where the rollout gave that name to another
    image, it is given back.
    """
    site.console.dim(f"rolling back to {previous.version}")
    named = site.last.engine and site.last.engine.service
    replacing = named.id if named and named.id != previous.id else None
    release = parse(previous.version)
    rollout = Rollout(release, stop_first=True, drain=0, replacing=replacing, keep=previous.id, image=previous.digest)

    def goal(facts: Facts) -> Iterator[Step]:
        if release == failed:
            yield from image.named(facts, site.target, release, previous.digest)
        steps = list(deployed(facts, site.target, rollout, end=Stage.LIVE))
        yield from steps or switchover.drained(Plan(facts, site.target, rollout))

    try:
        reach(site, goal)
    except OspreyError as error:
        told = f"{previous.image} could not be brought back: {error.case}"
        return f"{previous.version} could not be brought back", told
    if site.last.serving is not None and site.last.serving.id == previous.id:
        since = previous.started[:16].replace("T", " ")
        told = f"{previous.image} still serves, users are not affected"
        return f"{previous.version} goes on, running since {since} UTC", told
    return f"{previous.version} is back, after a downtime", f"{previous.image} runs again"
