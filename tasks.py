"""What `inv` and `fab -c tasks` load: the runbook's namespaces, and the tasks that are made of several of its goals."""

from __future__ import annotations

from invoke import Collection

from ospreyops import ledger
from ospreyops.cli import as_json, task, wanted
from ospreyops.console import table
from ospreyops.errors import Blocked, Unhealthy
from ospreyops.faults import seen
from ospreyops.plan import reach
from ospreyops.runbook import fix, image, lock, machine, net, service, watch
from ospreyops.runbook.image import FROM_HELP, VERSION_HELP
from ospreyops.runbook.running import deployed
from ospreyops.runbook.service import HOW_HELP, PATIENCE_HELP, how
from ospreyops.settings import number
from ospreyops.site import Site
from ospreyops.wanted import before


@task(help={**VERSION_HELP, **FROM_HELP, **PATIENCE_HELP, **HOW_HELP})
def deploy(
    site: Site, version: str = "", from_: str = "", patience: str = "", stop_first: bool = False, drain: str = ""
) -> str:
    """Bring a host to run a release of the service, healthy, without losing a request; does nothing when it does."""
    release = wanted(version)
    did = deployed(site.patient(patience), release, how(stop_first, drain, image.given_by(from_, release)))
    return site.finished(did, f"{image.described(site.last, release)} is healthy")


@task(
    help={"version": "the release to go back to; else the last one that was healthy here", **PATIENCE_HELP, **HOW_HELP}
)
def rollback(site: Site, version: str = "", patience: str = "", stop_first: bool = False, drain: str = "") -> str:
    """Go back to the last release that was healthy on a host, other than the one it is meant to run."""
    chosen = version or before(site.look())
    if not chosen:
        raise Blocked(f"no other release was healthy on {site.name} before", hint="--version 0.3, or inv history")
    release = wanted(chosen)
    did = deployed(site.patient(patience), release, how(stop_first, drain))
    return site.finished(did, f"{image.described(site.last, release)} is healthy")


@task(help={"json_": "one line of JSON with all facts"})
def status(site: Site, json_: bool = False) -> str:
    """Show machine, images, service and health of a host in one look."""
    facts = site.look()
    if json_:
        site.console.data({"host": site.name, "facts": as_json(facts)})
    else:
        machine.rows(facts, site)
        images = ", ".join(sorted(facts.engine.images)) if facts.engine else "unknown"
        site.console.row(None, "images", images or "none")
        service.rows(facts, site)
        net.rows(facts, site)
        fix.rows(facts, site)
    if problem := service.unhealthy(facts):
        raise Unhealthy(problem)
    return "healthy"


@task(help={"json_": "one line of JSON"})
def doctor(site: Site, json_: bool = False) -> str:
    """Find known faults: the evidence, the task that cures each, and what that may cost."""
    facts = site.look()
    if json_:
        found = [(fault, why) for fault, why in seen(facts, site)]
        rows = [
            {"fault": fault.name, "evidence": why, "task": f"fix.{fault.name}", "cost": fault.cost}
            for fault, why in found
        ]
        site.console.data({"host": site.name, "problem": service.unhealthy(facts), "faults": rows})
    else:
        found = fix.rows(facts, site)
    problem = service.unhealthy(facts)
    if found or problem:
        cure = fix.remedy(facts, site, [fault for fault, _ in found])
        raise Unhealthy(problem or found[0][1], hint=f"inv {cure} -H {site.name}")
    return site.finished([], fix.outcome(facts))


@task
def heal(site: Site) -> str:
    """Bring a host to run what it is meant to run, healthy, whatever known fault is in the way."""
    did = reach(site, lambda facts: fix.healed(facts, site))
    return site.finished(did, fix.outcome(site.last))


@task(help={"json_": "one line of JSON with all that is known of them", "lines": "how many of the last changes"})
def history(site: Site, json_: bool = False, lines: str = "20") -> None:
    """Show what was done to a host, when, and by whom; the newest is last."""
    asked = ledger.lines(site.settings.folder, number("--lines", lines))
    answer = site.host.ask({"history": asked})["history"]
    if not answer.ok:
        raise Blocked(f"the history of {site.name} cannot be read: {answer.said}")
    entries, torn = ledger.history(answer.out)
    if json_:
        site.console.data({"host": site.name, "history": entries, "torn": torn})
        return
    rows = [ledger.COLUMNS, *(ledger.row(entry) for entry in entries)]
    site.console.say(table(rows) if entries else f"nothing was changed on {site.name} yet")
    if torn:
        site.console.note(f"{torn} of these lines cannot be read: the host stopped while they were written")


ns = Collection(deploy, rollback, status, doctor, heal, history)
for module in (machine, image, service, net, fix, lock, watch):
    ns.add_collection(Collection.from_module(module))
