"""Runbook, "Checking the status of Docker": where Docker runs."""

from __future__ import annotations

from ..cli import as_json, task
from ..console import size
from ..errors import Unhealthy
from ..facts import Facts
from ..site import Site


def rows(facts: Facts, site: Site) -> None:
    """The host and its machine in a status table."""
    host, machine = facts.host, facts.machine
    free = f", {size(host.disk_free)} free" if host.disk_free is not None else ""
    site.console.row(None, "host", f"{host.name} ({host.system}), as {host.user}{free}")
    text = f"{machine.kind} {machine.state.lower()}" + (f": {machine.why}" if machine.why else "")
    site.console.row(
        machine.state == "RUNNING", "machine", text + (", through sudo" if facts.engine and facts.engine.sudo else "")
    )


@task(help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> None:
    """Show whether Docker runs."""
    facts = site.look()
    if json_:
        site.console.data({"host": site.name, **as_json(facts.machine), "disk_free": facts.host.disk_free})
    else:
        rows(facts, site)
    if facts.machine.state != "RUNNING":
        raise Unhealthy(f"Docker on {site.name} cannot be used: {facts.machine.why}")
