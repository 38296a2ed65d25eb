"""Users come along, whichever way they come: over each family of addresses, through firewalls, from outside."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings

from ospreyops.errors import Blocked, OspreyError
from ospreyops.facts import Facts
from ospreyops.facts.engine import Image
from ospreyops.facts.route import Route
from ospreyops.facts.service import ProbeResult, Way
from ospreyops.goals import traffic
from ospreyops.goals.deploy import deployed
from ospreyops.goals.rollout import Plan, Rollout
from ospreyops.release import parse
from ospreyops.step import Step
from ospreyops.target import Target
from ospreyops.tools import iptables
from tests.sim.facts import OUTSIDE, PUBLISHED, ROUTES, WAYS
from tests.sim.site import simulated
from tests.worlds import Sim, clean, running

ABOUT = "Osprey service running! Supported service versions: v0.3"
FOUR, SIX = "https://10.0.0.7:44342", "https://[fd00::7]:44342"


def switched_to(facts: Facts, target: Target, rollout: Rollout) -> list[int]:
    """The ports of containers that a rollout would switch traffic to, before it looks again."""
    steps: list[Step] = []
    with contextlib.suppress(OspreyError):
        for step in deployed(facts, target, rollout):
            steps.append(step)
            if step.then_look:
                break
    ports = [int(port) for step in steps for port in re.findall(r"--to-ports (\d+)", str(step.do))]
    return [port for port in ports if port not in (9, 44342)]


def world(routes: tuple[Route, ...], **changes: object) -> Plan:
    """A healthy 0.3 on a host with those rules, where 0.4 is to come."""
    site = simulated(running())
    facts = site.look()
    machine = replace(facts.machine, routes=routes)
    found = replace(facts, machine=machine, **changes)  # type: ignore[arg-type]  # any field of Facts
    return Plan(found, site.target, Rollout(parse("0.4")))


def waiting() -> Plan:
    """0.3 has the traffic, and 0.4 waits for it at port 24343, as content as the host can see."""
    plan = world(())
    old = plan.engine.service
    assert old
    fresh = replace(old, id="new", image="osprey/service:0.4", name="osprey-service", port=24343)
    images = {fresh.image: Image(fresh.image, fresh.digest, 1, 1)}
    engine = replace(plan.engine, images=images, service=fresh, others=(replace(old, name="osprey-service-44342"),))
    good = ProbeResult("https://localhost:24343", "v0.4, v0.3", desktop={"0.4": None, "0.3": None})
    host = replace(plan.facts.host, unpacked={"0.4": "/home/ops/osprey/0.4"})
    return replace(plan, facts=replace(plan.facts, engine=engine, standby=good, host=host))


@settings(max_examples=500, deadline=None)
@given(ROUTES, WAYS, OUTSIDE)
def test_traffic_is_switched_only_to_a_release_that_is_content_wherever_anybody_could_ask(
    routes: tuple[Route, ...], ways: tuple[Way, ...], outside: tuple[ProbeResult, ...]
) -> None:
    assume(routes[0].refused is None)
    plan = waiting()
    machine = replace(plan.facts.machine, routes=routes)
    facts = replace(plan.facts, machine=machine, ways=ways, standby_outside=outside)
    shut = [route for route in routes if route.used and route.refused]
    doubtful = [route for route in routes if route.through_firewall(24343)]
    lost = [way for way in ways if way.port == 24343 and way.about and not way.alongside]
    bad = [place for place in outside if place.problem("0.4")]
    assert bool(switched_to(facts, plan.target, plan.rollout)) == (not shut and not doubtful and not lost and not bad)


@pytest.mark.parametrize(
    ("route", "why"),
    [
        (Route("IPv6", refused="no nat table"), "for users over IPv6: no nat table"),
        (Route("IPv6", guarded=True), "a firewall on sim may keep users over IPv6 from port 24343"),
        (Route("IPv4", guarded=True), "a firewall on sim may keep users over IPv4 from port 24343"),
    ],
)
def test_what_would_shut_some_users_out_is_refused_with_the_cause(route: Route, why: str) -> None:
    with pytest.raises(Blocked, match=why):
        traffic.check_way(world((route,)), 24343)


def test_where_iptables_gave_no_answer_nothing_is_said_about_rights() -> None:
    plan = world(())
    unasked = replace(plan.facts, machine=replace(plan.facts.machine, active_port=None, routes=()))
    assert str(traffic.unswitchable(unasked, plan.target)) == (
        "traffic cannot be switched on sim: iptables did not say in time where it ends now; the same line again may"
    )


@pytest.mark.parametrize(
    "route",
    [
        Route("IPv6", used=False, refused="no nat table"),
        Route("IPv6", used=False, guarded=True),
        Route("IPv4", guarded=True, published={24343: PUBLISHED}),
        Route("IPv6"),
    ],
    ids=["nobody comes over it", "nobody comes through that firewall", "Docker's own road", "no firewall"],
)
def test_where_all_users_come_along_nothing_is_refused(route: Route) -> None:
    traffic.check_way(world((route,)), 24343)


def test_whoever_was_seen_to_get_through_a_firewall_gets_through_it() -> None:
    seen = (ProbeResult("https://sim:24343", ABOUT, family="IPv6"),)
    plan = world((Route("IPv6", guarded=True),), standby_outside=seen)
    traffic.check_way(plan, 24343)


@pytest.mark.parametrize("how", ["Docker is rootless, in a network of its own", "Docker makes its rules with nftables"])
def test_where_docker_makes_no_rules_for_iptables_nothing_is_started(sim: Sim, how: str) -> None:
    host = running()
    host.own_rules = how
    ran = sim("deploy --version 0.4 -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert f"traffic cannot be switched on sim: {how}" in ran.err and "--stop-first" in ran.err


@pytest.mark.parametrize(
    ("way", "problem"),
    [
        (Way(FOUR, ABOUT), None),
        (Way(FOUR), f"{FOUR} does not lead to the service: no answer in time"),
        (Way(FOUR, "a printer"), f"{FOUR} does not lead to the service: a printer"),
        (Way(SIX), None),
        (Way(SIX, None, 24343, ABOUT), f"{SIX} does not lead to the service: no answer in time"),
        (Way(SIX, ABOUT, 24343, ABOUT), None),
        (Way(SIX, None, 24344, ABOUT), None),
    ],
)
def test_an_address_of_the_host_that_leads_past_the_service_is_a_fault(way: Way, problem: object) -> None:
    facts = world(()).facts
    local = replace(facts.local, about=ABOUT)
    seen = replace(facts, local=local, ways=(way,), machine=replace(facts.machine, active_port=24343))
    assert (str(seen.way_problem) if seen.way_problem else None) == problem


def test_an_address_that_users_use_and_that_does_not_reach_the_new_release_keeps_traffic_where_it_is() -> None:
    facts = replace(world(()).facts, ways=(Way(FOUR, ABOUT, 24343, None), Way(SIX, None, 24343, None)))
    assert f"{FOUR} answers, and the same address does not at port 24343" == str(traffic.way_problem(facts, 24343))
    assert traffic.way_problem(facts, 24344) is None


def test_traffic_goes_back_within_seconds_when_users_do_not_reach_the_new_release(sim: Sim) -> None:
    host = running()
    moved: list[tuple[float, str]] = []

    def note(line: str) -> None:
        if "OSPREY" in line:
            moved.append((host.now, line))

    host.before_run, host.reaches = note, lambda container: container.version == "0.3"
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == 2, ran.said
    assert "service: osprey/service:0.3 still serves, users are not affected" in ran.err
    clean(host, "0.3")
    (switched, _), (back, line) = moved
    assert "--ctstate" in line and back - switched < 15


def test_where_nobody_asks_from_outside_that_is_said(sim: Sim) -> None:
    host = running()
    assert "not verified from outside" in sim("deploy --version 0.4 -H sim", host).out
    host.reaches = lambda _: True
    assert "not verified" not in sim("service.restart -H sim", host).out


def test_rules_that_lead_past_all_containers_are_led_to_the_service() -> None:
    plan = world((Route("IPv4", switched=24343, leads="172.17.0.9:24343"),))
    lost = replace(plan.facts, machine=replace(plan.facts.machine, active_port=iptables.NOWHERE))
    (step,) = traffic.routed(lost, plan.target)
    assert step.why == "traffic to port 44342 is switched to an address that is no container's of the service"
    assert "--ctstate" in str(step.do)
