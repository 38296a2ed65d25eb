"""Runbook, "configure the virtual machine to forward ports", and the ways to test that the service can be reached."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Optional

from ..change.reach import reach
from ..change.rollout import NOT_ASKED
from ..change.site import Site
from ..cli import as_json, task
from ..errors import Unhealthy
from ..facts import Facts
from ..facts.service import ProbeResult
from ..fleet import Kind
from ..goals import traffic
from ..goals.health import place_problem
from ..goals.machine import vm_of
from ..goals.network import clash, forwarded, rules_unknown, vm_has_process
from ..outcome import Outcome
from ..step import Step
from ..text import ahead


def rows(facts: Facts, site: Site) -> None:
    """Where the service answers, in a status table; an expired certificate is its normal state, and no problem."""
    for title, place in _places(facts):
        if place:
            problem = place_problem(place)
            answers = f"{place.where} answers as Desktop asks: {_versions(place)}"
            site.console.row(not problem, title, str(problem or answers))
        else:
            site.console.row(None, title, NOT_ASKED)


def _places(facts: Facts) -> tuple[tuple[str, Optional[ProbeResult]], ...]:
    return (("on host", facts.local), *(("from here", place) for place in facts.outside or (None,)))


def _versions(place: ProbeResult) -> str:
    """The protocol versions that are served."""
    return ", ".join(f"v{version}" for version in place.desktop)


def _expiry(place: ProbeResult, now: float) -> Optional[str]:
    """The certificate's date; it lasts a day and is never renewed. None when nobody read it."""
    if place.expires is None:
        return None
    state = "expired" if place.expires < now else "expires"
    return f"certificate of {place.issuer}, {state} {ahead(place.expires, now)}"


@task
def forward(site: Site) -> Outcome:
    """Forward the service's port into the VM."""
    port, vm = site.settings.service_port, site.target.machine.vm

    def goal(facts: Facts) -> Iterator[Step]:
        if vm:
            vm_has_process(facts, site.target)
        yield from forwarded(facts, site.target)
        yield from traffic.routed(facts, site.target)

    did = reach(site, goal)
    published = f"Docker on {site.name} publishes port {port} itself, nothing needs forwarding"
    return site.finished(did, f"port {port} is forwarded" if did or vm else published)


@task
def unforward(site: Site) -> Outcome:
    """Close the service's port: delete its rule.

    Nobody reaches the service from outside any more.
    """
    vm = vm_of(site.target)

    def goal(facts: Facts) -> Iterator[Step]:
        running = vm_has_process(facts, site.target)
        known = facts.machine.vm.rules if facts.machine.vm else ()
        if known is None:
            raise rules_unknown(facts)
        for rule in known:
            if clash(rule, vm.service_rule()):
                line, outcome = vm.unforward(rule, running=running), f"the rule {rule.name} is deleted"
                yield Step(f"the rule {rule} is there", line, outcome)

    return site.finished(reach(site, goal), f"port {site.settings.service_port} is not forwarded")


@task(kind=Kind.LOOK, help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> None:
    """Show who listens on the port, and who reaches it."""
    facts, port = site.look(), site.settings.service_port
    if json_:
        data: dict[str, Any] = {"host": site.name, "port": port, "listener": as_json(facts.host.listener)}
        site.console.data({**data, "local": as_json(facts.local), "outside": as_json(facts.outside)})
        return
    with site.console.together:
        site.console.row(None, "port", f"{port}: {facts.host.listener or 'nothing listens'}")
        rows(facts, site)


@task(kind=Kind.LOOK)
def check(site: Site) -> Outcome:
    """Ask the service as curl and OSPREY Desktop do.

    It asks on the host, and from this computer as a browser does.
    """
    facts = site.look()
    with site.console.together:
        for title, place in _places(facts):
            _answers(site, title, place, facts.host.now)
    found = [problem for _, place in _places(facts) if place and (problem := place_problem(place))]
    if facts.way_problem:
        site.console.row(False, "own way", str(facts.way_problem))
        found.append(facts.way_problem)
    if found:
        raise Unhealthy(str(found[0]), hint=f"inv status -H {site.name}")
    return site.outcome("the service can be reached")


def _answers(site: Site, title: str, place: Optional[ProbeResult], now: float) -> None:
    """How the service answered somewhere."""
    if place is None:
        site.console.dim(f"  {title:<9} {NOT_ASKED} (osprey.public, or a jump host on the way)")
        return
    told = f"{place.where}/about: {str(place.about or place.error).strip()}"
    site.console.row(place.about is not None, title, told)
    for version, problem in place.desktop.items():
        verdict = problem or "as OSPREY Desktop wants it"
        site.console.row(not problem, "", f"{place.where}/v{version}/about: {verdict}")
    if dated := _expiry(place, now):
        site.console.dim(f"  {'':<9} {dated}")
