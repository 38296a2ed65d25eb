"""Where new connections to the service's port end, and whether all users would come along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from ..errors import Blocked
from ..facts import Facts
from ..facts.service import Problem
from ..machines import ports_alongside
from ..step import Step
from ..target import Target
from .rollout import Plan

CLOSED_PORT = 9
"""The port that traffic is switched to when no request is to get in (discard; nothing listens there)."""


def unswitchable(facts: Facts, target: Target) -> Optional[Problem]:
    """Why traffic cannot be switched for all users alike; None when it can."""
    where = f"traffic cannot be switched on {target.name}"
    if facts.engine and facts.engine.own_rules:
        return Problem(f"{where}: {facts.engine.own_rules}")
    refused = next((route for route in facts.machine.routes if route.used and route.refused is not None), None)
    if refused:
        return Problem(f"{where} for users over {refused.family}: {refused.refused}")
    unknown = facts.machine.active_port is None
    return (
        Problem(f"{where}: iptables did not say in time where it ends now; the same line again may")
        if unknown
        else None
    )


def way_problem(facts: Facts, port: int) -> Optional[Problem]:
    """Which address of the host answers at the service's port, and not at that one; None when none does."""
    for way in facts.ways:
        if way.port == port and way.about is not None and way.alongside is None:
            return Problem(f"{way.where} answers, and the same address does not at port {port}")
    return None


def check_way(plan: Plan, port: int) -> None:
    """Check that all users would come along to the port.

    Errors: Blocked, when rules for some cannot be made, or when a firewall may keep some out. That is no question for
    those of whom one was seen to get through.
    """
    if found := unswitchable(plan.facts, plan.target):
        raise Blocked(str(found), hint="--stop-first")
    seen = {place.family for place in plan.facts.standby_outside if place.about is not None}
    for route in plan.facts.machine.routes if port != plan.target.settings.service_port else ():
        if route.through_firewall(port) and route.family not in seen:
            ports = ports_alongside(plan.target.settings.service_port)
            raise Blocked(
                f"a firewall on {plan.target.name} may keep users over {route.family} from port {port}",
                hint=f"have it let ports {ports[0]} to {ports[-1]} in, or --stop-first",
            )


def route_reset(facts: Facts, target: Target) -> Iterator[Step]:
    """Traffic to the service's port ends there."""
    port, active = target.settings.service_port, facts.machine.active_port
    if active not in (None, port):
        why = f"traffic to port {port} is switched to {_told(active)}"
        yield Step(why, target.machine.switch_traffic(facts, port), f"traffic to port {port} ends there again")


def _told(active: Optional[int]) -> str:
    """A port where nothing runs, in words."""
    return f"{active}, where nothing runs" if active else "an address that is no container's of the service"


def routed(facts: Facts, target: Target) -> Iterator[Step]:
    """Traffic to the service's port ends at a container, if one runs."""
    engine, active = facts.engine, facts.machine.active_port
    named = engine.service if engine else None
    if not engine or not named or not named.running or not named.port or active is None:
        return
    if not any(container.running and container.port == active for container in engine.containers):
        why = f"traffic to port {target.settings.service_port} is switched to {_told(active)}"
        line = target.machine.switch_traffic(facts, named.port)
        yield Step(why, line, f"traffic is switched to {named.image}", then_look=True)
