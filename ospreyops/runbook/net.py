"""Runbook, "configure the virtual machine to forward ports", and the ways to test that the service can be reached."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any, Optional

from .. import switchover
from ..cli import as_json, task
from ..errors import Blocked, Unhealthy
from ..facts import Facts, Rule, Seen, State
from ..plan import Step, reach
from ..site import Site
from .machine import vm_of

OPEN = re.compile(r"curl: \((?!7\))")
"""What curl says of a port that somebody listens on; 7 is for one that is closed, and its words differ."""


def rows(facts: Facts, site: Site) -> None:
    """Where the service answers, in a status table; an expired certificate is its normal state, and no problem."""
    for title, seen in (("on host", facts.local), ("from here", facts.public)):
        if seen:
            site.console.row(
                not trouble(seen), title, trouble(seen) or f"{seen.where} answers as Desktop asks: {versions(seen)}"
            )


def trouble(seen: Seen) -> str:
    """What is wrong with how the service looks from there, for any version; "" when all of them are good."""
    if seen.about is not None and not seen.desktop:
        return f"{seen.where} names no version: {seen.about.strip()!r}"
    return seen.unready(next(iter(seen.desktop), ""))


def versions(seen: Seen) -> str:
    """The protocol versions that are served."""
    return ", ".join(f"v{version}" for version in seen.desktop)


def expiry(seen: Optional[Seen], now: float) -> str:
    """The certificate's date, for who wants to know; it lasts a day and is never renewed."""
    if not seen or seen.expires is None:
        return ""
    state = "expired" if seen.expires < now else "expires"
    return f"certificate of {seen.issuer}, {state} {time.strftime('%Y-%m-%d %H:%M', time.gmtime(seen.expires))}Z"


def forwarded(facts: Facts, site: Site) -> Iterator[Step]:
    """The service's port is forwarded into the VM; nothing to do where Docker is on the host itself."""
    vm, seen = site.machine.vm, facts.machine.vm
    if vm is None or seen is None or facts.machine.state is State.ABSENT:
        return
    wanted, running = vm.wanted(), runs(facts, site)
    others = [rule for rule in seen.rules if rule != wanted and clash(rule, wanted)]
    for rule in others:
        yield Step(f"the rule {rule} is in the way", vm.unforward(rule, running), f"the rule {rule.name} is gone")
    not_taken(facts, site)
    if wanted not in seen.rules:
        yield Step(f"port {wanted.host_port} is not forwarded", vm.forward(wanted, running), "the port is forwarded")
    elif running and not facts.host.listener:
        why = f"the rule {wanted} is there, but nothing listens on port {wanted.host_port}"
        yield Step(why, vm.unforward(wanted, running), f"the rule {wanted.name} is gone", then_look=True)


def not_taken(facts: Facts, site: Site) -> None:
    """Only the VM, or Docker, listens on the service's port. Errors: Blocked, with who else, or how curl was let in."""
    who, vm, engine, unit = facts.host.listener, facts.machine.vm, facts.engine, facts.host.unit
    if vm is None:
        ours = not engine or any(one.running for one in engine.containers) or (unit and unit.active)
    else:
        ours = vm.process is not None and who.endswith(f"(pid {vm.process.pid})")
    unseen = vm and not who and facts.local.about is None and OPEN.match(facts.local.error)
    if unseen or (who and not ours):
        port = site.settings.service_port
        raise Blocked(
            f"port {port} of {site.name} is taken by {who or 'a process that only root may see'}",
            evidence="" if who else facts.local.error,
            hint=f"stop that there: lsof -nP -iTCP:{port}",
        )


def runs(facts: Facts, site: Site) -> bool:
    """The VM has a process, which takes rules itself. Errors: Blocked when there is no VM that could be asked."""
    if facts.machine.state in (State.ABSENT, State.HUNG):
        hint = "fix.hung" if facts.machine.state is State.HUNG else "machine.create"
        raise Blocked(f"no rule of the VM can be seen: {facts.machine.why}", hint=f"inv {hint} -H {site.name}")
    return facts.machine.state not in (State.STOPPED, State.SAVED)


def clash(one: Rule, other: Rule) -> bool:
    """VirtualBox would refuse one of them, or both would want the same port."""
    return one.name == other.name or (one.proto, one.host_port) == (other.proto, other.host_port)


@task
def forward(site: Site) -> str:
    """Forward the service's port into the machine that Docker runs on."""
    port = site.settings.service_port

    def goal(facts: Facts) -> Iterator[Step]:
        if site.machine.vm:
            runs(facts, site)
        yield from forwarded(facts, site)
        yield from switchover.led(facts, site)

    did = reach(site, goal)
    published = f"Docker on {site.name} publishes port {port} itself, nothing needs forwarding"
    return site.finished(did, f"port {port} is forwarded" if did or site.machine.vm else published)


@task
def unforward(site: Site) -> str:
    """Take the forward of the service's port away: nobody reaches it from outside any more."""
    vm = vm_of(site)

    def goal(facts: Facts) -> Iterator[Step]:
        running = runs(facts, site)
        for rule in facts.machine.vm.rules if facts.machine.vm else ():
            if clash(rule, vm.wanted()):
                yield Step(f"the rule {rule} is there", vm.unforward(rule, running), f"the rule {rule.name} is gone")

    return site.finished(reach(site, goal), f"port {site.settings.service_port} is not forwarded")


@task(help={"json_": "one line of JSON"})
def status(site: Site, json_: bool = False) -> None:
    """Show what listens on the service's port, and how it is reached."""
    facts = site.look()
    data: dict[str, Any] = {"host": site.name, "port": site.settings.service_port, "listener": facts.host.listener}
    if json_:
        site.console.data({**data, "local": as_json(facts.local), "public": as_json(facts.public)})
        return
    site.console.row(None, "port", f"{site.settings.service_port}: {facts.host.listener or 'nothing listens'}")
    rows(facts, site)


@task
def check(site: Site) -> str:
    """Ask the service as curl on the host, a browser and OSPREY Desktop do."""
    facts = site.look()
    for title, seen in (("on host", facts.local), ("from here", facts.public)):
        if seen is None:
            site.console.note(f"  {title:<9} not asked (osprey.public, or a jump host on the way)")
            continue
        site.console.row(seen.about is not None, title, f"{seen.where}/about: {(seen.about or seen.error).strip()}")
        for version in seen.desktop:
            problem = seen.desktop[version] or "as OSPREY Desktop wants it"
            site.console.row(not seen.desktop[version], "", f"{seen.where}/v{version}/about: {problem}")
        if dated := expiry(seen, facts.host.now):
            site.console.note(f"  {'':<9} {dated}")
    found = [trouble(seen) for seen in (facts.local, facts.public) if seen and trouble(seen)]
    if found:
        raise Unhealthy(found[0], hint=f"inv status -H {site.name}")
    return "the service can be reached"
