"""What `inv` and `fab -c tasks` load: the runbook's namespaces, and the tasks that are made of several of its goals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from invoke import Collection

from ospreyops.cli import as_json, task, wanted
from ospreyops.errors import Blocked, Failed, Unhealthy
from ospreyops.facts import Container, Facts
from ospreyops.plan import Step, reach
from ospreyops.runbook import image, machine, net, service
from ospreyops.runbook.image import FROM_HELP, VERSION_HELP
from ospreyops.runbook.service import PATIENCE_HELP
from ospreyops.site import Site


@task(help={**VERSION_HELP, **FROM_HELP, **PATIENCE_HELP})
def deploy(site: Site, version: str = "", from_: str = "", patience: str = "") -> str:
    """Bring a host to run a release of the service, healthy; does nothing when it does."""
    release, patient = wanted(version), site.patient(patience)
    given = image.given_by(from_, release)
    before: list[Optional[Container]] = []

    def goal(facts: Facts) -> Iterator[Step]:
        before.append(facts.engine.service if facts.engine else None)
        return service.healthy(facts, patient, release, given)

    try:
        did = reach(site, goal)
    except (Failed, Blocked, Unhealthy) as error:
        if before and before[0] and before[0].running and before[0].image != release.image:
            error.done += (service.put_back(site, before[0].image),)
        raise
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
    if problem := service.unhealthy(facts):
        raise Unhealthy(problem)
    return "healthy"


ns = Collection(deploy, status)
for module in (machine, image, service, net):
    ns.add_collection(Collection.from_module(module))
