"""The tasks that are made of several of the runbook's goals."""

from __future__ import annotations

from dataclasses import replace

from .change.history import MARGIN, WHOLE, entries, newest, question, rows
from .change.reach import reach
from .change.rollout import roll_out
from .change.site import Site
from .cli import as_json, release_of, task
from .errors import Blocked
from .fleet import Kind
from .goals.desired import rollback_target
from .goals.image import described
from .healing.diagnosis import diagnose
from .healing.heal import healed, outcome
from .look import place
from .outcome import Outcome
from .runbook import fix, image, inside, machine, net, service
from .runbook.choice import choose
from .runbook.image import FROM_HELP, VERSION_HELP, given_by
from .runbook.service import ROLLOUT_HELP, TIMEOUT_HELP, rollout
from .settings import number


@task(changes_with="version", help={**VERSION_HELP, **FROM_HELP, **TIMEOUT_HELP, **ROLLOUT_HELP})
def deploy(
    site: Site,
    version: str = "",
    from_: str = "",
    health_timeout: str = "",
    stop_first: bool = False,
    drain: str = "",
    drop_versions: str = "",
) -> Outcome:
    """Bring a host to run a release, healthy.

    No request is lost, and nothing is done where the release runs already. Without a version the releases are listed.
    """
    if not version:
        choose(site)
    release, patient = release_of(version), site.with_health_timeout(health_timeout)
    planned = replace(rollout(release, stop_first, drain, drop_versions), given=given_by(from_, release, site))
    did = roll_out(patient, release, planned)
    outcome = site.finished(did, f"{described(patient.last, release)} is healthy")
    if did and not site.dry and set(patient.last.host.proven) <= {release.version}:
        site.console.say(f"next: inv status -H {site.name}")
    return outcome


@task(
    help={
        "version": "the release to roll back to (default: the last healthy one)",
        **TIMEOUT_HELP,
        **ROLLOUT_HELP,
    }
)
def rollback(
    site: Site,
    version: str = "",
    health_timeout: str = "",
    stop_first: bool = False,
    drain: str = "",
    drop_versions: str = "",
) -> Outcome:
    """Go back to the last release that was healthy.

    The release that is desired now does not count.
    """
    facts = site.look()
    chosen = version or rollback_target(facts)
    if not chosen:
        hint = f"inv deploy -H {site.name}, which lists its releases"
        raise Blocked(f"no other release was healthy on {site.name} before", hint=hint)
    release, patient = release_of(chosen), site.with_health_timeout(health_timeout)
    planned = replace(rollout(release, stop_first, drain, drop_versions), proven=facts.host.proven_images.get(chosen))
    did = roll_out(patient, release, planned)
    return site.finished(did, f"{described(patient.last, release)} is healthy")


@task(kind=Kind.LOOK, help={"json_": "one line of JSON with all facts"})
def status(site: Site, json_: bool = False) -> Outcome:
    """Show machine, images, service, health, in one look."""
    facts = site.look()
    found = diagnose(facts, site.target)
    if json_:
        site.console.data({"host": site.name, "facts": as_json(facts)})
    else:
        with site.console.together:
            machine.rows(facts, site)
            image.rows(facts, site)
            service.rows(facts, site)
            net.rows(facts, site)
            fix.rows(found, site)
    found.check("" if json_ else site.name)
    return site.outcome("healthy")


@task(kind=Kind.LOOK, help={"json_": "one line of JSON"})
def doctor(site: Site, json_: bool = False) -> Outcome:
    """Find known faults, and what repairs each.

    Each with its evidence, the task that repairs it, and what that may end.
    """
    facts = site.look()
    found = diagnose(facts, site.target)
    if json_:
        rows = [
            {
                "fault": one.fault.name,
                "evidence": one.evidence,
                "task": f"fix.{one.fault.name}" if one.way_out is None else None,
                "hint": one.way_out,
                "impact": one.fault.impact,
            }
            for one in found.faults
        ]
        told = {"problem": as_json(found.problem), "faults": rows, "advice": found.advice}
        site.console.data({"host": site.name, **told})
    else:
        with site.console.together:
            fix.rows(found, site)
    found.check("" if json_ else site.name)
    return site.finished([], outcome(facts))


@task(name="exec", help=inside.HELP)
def exec_(site: Site, command: str = "", version: str = "", timeout: str = "") -> None:
    """Run a line in the service's container.

    The line's exit status is passed on. Ctrl-C and --timeout end the line in the container, too.
    """
    inside.execute(site, command, version, timeout)


@task
def heal(site: Site) -> Outcome:
    """Bring the desired release back, healthy.

    Known faults that are in the way are repaired first.
    """
    did = reach(site, lambda facts: healed(facts, site.target))
    return site.finished(did, outcome(site.last))


@task(
    kind=Kind.LOOK,
    help={
        "json_": "one line of JSON with all details",
        "lines": "how many of the last changes (default 20)",
    },
)
def history(site: Site, json_: bool = False, lines: str = "20") -> None:
    """Show what was done to a host, when, and by whom.

    The newest is last.
    """
    count = number("--lines", lines)
    answer = place.ask(site.host, site.target, lambda folder: question(folder, count))
    if not answer.ok:
        raise Blocked(f"the history of {site.name} cannot be read: {answer.said}")
    text, cut = newest(answer.out)
    found, torn = entries(text)
    if json_:
        site.console.data({"host": site.name, "history": found, "torn": torn, "cut": cut})
        return
    if not found:
        site.console.say(f"nothing was changed on {site.name} yet")
    screen = site.console.screen
    with site.console.together:
        for row in rows(found, room=screen.columns - MARGIN if screen.out.isatty() else WHOLE):
            site.console.row(*row)
    if cut:
        site.console.dim(f"these are the newest {len(found)}: an answer of a host holds no more")
    if torn:
        site.console.dim(f"{torn} of these lines cannot be read: the host stopped while they were written")
