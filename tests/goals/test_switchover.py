"""How a release takes over from another: healthy alongside it, traffic switched, the previous one drained."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from ospreyops.facts.engine import Container
from ospreyops.machines import ports_alongside
from tests.sim.host import Killed, SimHost
from tests.sim.mac import SimMac
from tests.sim.short import short
from tests.worlds import Sim, clean, kill_at, kill_before, running, serving, spare


@pytest.mark.parametrize("make", [running, serving])
def test_while_a_release_takes_over_somebody_serves_before_and_after_every_line(
    sim: Sim, make: Callable[[], SimHost]
) -> None:
    host, served = make(), list[str]()

    def look(_: str) -> None:
        behind = host.behind(44342)
        served.append(behind.version if behind else "nobody")

    host.before_run = look
    for line in ("deploy --version 0.4", "service.restart", "rollback"):
        ran = sim(f"{line} -H sim", host)
        assert ran.code == 0, ran.said
    assert set(served) == {"0.3", "0.4"}
    clean(host, "0.3")


@pytest.mark.parametrize("line", ["deploy --version 0.4", "service.restart", "rollback --version 0.4", "service.drain"])
@pytest.mark.parametrize("make", [running, serving])
@pytest.mark.parametrize("after", ["again", "heal"])
def test_killed_before_any_of_its_lines_it_ends_with_one_healthy_container_after_one_more_command(
    sim: Sim, make: Callable[[], SimHost], line: str, after: str
) -> None:
    whole = make()
    assert sim(f"{line} -H sim", whole).code == 0
    for done in range(len(whole.ran)):
        host = make()

        kill_before(host, done)
        with pytest.raises(Killed):
            sim(f"{line} -H sim", host)
        spare(host)
        ran = sim(f"{line if after == 'again' else 'heal'} -H sim", host)
        if line == "service.drain" and (after == "again" or not host.desired):
            assert (ran.code, host.desired) == (0, ""), ran.said
            continue
        assert ran.code == 0, ran.said
        clean(host, host.desired)
        assert sim("status -H sim", host).code == 0


def test_a_vm_that_loses_its_power_at_any_line_is_healthy_after_one_more_command(sim: Sim) -> None:
    whole = serving()
    assert sim("deploy --version 0.4 -H sim", whole).code == 0
    for done in range(len(whole.ran)):
        mac = serving()

        def cut(_: str, mac: SimMac = mac, done: int = done) -> None:
            if len(mac.ran) == done:
                mac.power("poweroff")
                raise Killed

        mac.before_run = cut
        with pytest.raises(Killed):
            sim("deploy --version 0.4 -H sim", mac)
        mac.before_run = lambda _: None
        ran = sim("deploy --version 0.4 -H sim", mac)
        assert ran.code == 0, ran.said
        clean(mac, "0.4")


def test_a_rollback_while_the_previous_release_still_takes_requests_starts_nothing(sim: Sim) -> None:
    host = running()
    before = host.service

    kill_at(host, "caddy")
    with pytest.raises(Killed):
        sim("deploy --version 0.4 -H sim", host)
    spare(host)
    host.ran.clear()
    assert sim("rollback -H sim", host).code == 0
    assert short(host.ran) == ["docker rename", "--ctstate", "drain"]
    assert before and host.service and host.service.id == before.id


@pytest.mark.parametrize("fault", ["never", "exits"])
def test_a_bad_release_never_gets_traffic_and_leaves_nothing_over(sim: Sim, fault: str) -> None:
    host = running()
    before, switched = host.service, list[str]()
    host.before_run = lambda line: switched.append(line) if "OSPREY" in line else None
    if fault == "never":
        host.healthy = lambda container: container.version != "0.4"
    else:
        host.exits = 1
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == 2, ran.said
    assert (host.service, switched) == (before, [])
    clean(host, "0.3")
    assert host.desired == "0.3"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ({"memory_free": 10**9}, "sim has not enough memory for two services: 1.0 GB free, 1.3 GB needed for one more"),
        ({"active_port": None}, "traffic cannot be switched on sim for users over IPv4: sudo: a password is required"),
    ],
)
def test_where_two_containers_cannot_run_that_is_said_and_nothing_done(
    sim: Sim, state: dict[str, Any], why: str
) -> None:
    host = running(**state)
    ran = sim("deploy --version 0.4 -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert why in ran.err and "--stop-first" in ran.err
    assert sim("deploy --version 0.4 --stop-first -H sim", host).code == 0
    clean(host, "0.4")


def test_a_port_that_something_else_has_is_passed_over(sim: Sim) -> None:
    host = running(taken_ports=(24343, 24344))
    assert sim("deploy --version 0.4 -H sim", host).code == 0
    assert host.active_port == 24345
    host = running(taken_ports=tuple(range(24343, 25343)))
    ran = sim("deploy --version 0.4 -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "no port of 24343 to 25342 is free on sim" in ran.err


def test_nothing_is_restarted_where_nothing_runs(sim: Sim) -> None:
    host = SimHost()
    ran = sim("service.restart -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "no service runs on sim" in ran.err


@pytest.mark.parametrize("line", ["net.forward", "fix.forward", "heal"])
@pytest.mark.parametrize("make", [running, serving])
def test_a_service_started_by_hand_after_a_release_took_over_gets_traffic_again(
    sim: Sim, make: Callable[[], SimHost], line: str
) -> None:
    host = make()
    assert sim("deploy --version 0.4 -H sim", host).code == 0
    host.stop()
    host.start("0.4")
    assert sim("status -H sim", host).code == 2
    ran = sim(f"{line} -H sim", host)
    assert ran.code == 0, ran.said
    clean(host, "0.4")


def test_nothing_is_started_alongside_another_where_that_would_take_a_restart_of_docker(sim: Sim) -> None:
    mac = serving(tls="x509: certificate has expired or is not yet valid")
    ran = sim("deploy --version 0.4 -H sim", mac)
    assert (ran.code, mac.ran) == (3, [])
    assert "inv fix.certs --yes -H sim, which restarts Docker" in ran.err


def test_a_dry_run_of_a_deploy_that_stops_first_starts_at_the_services_own_port(sim: Sim) -> None:
    ran = sim("--dry deploy --version 0.4 --stop-first -H sim", running())
    assert "--port" not in ran.out and "osprey-service --version 0.4 >>osprey-service.log" in ran.out


@pytest.mark.parametrize(("port", "first"), [(44342, 24343), (443, 444), (8443, 8444), (32767, 22768), (65535, 25536)])
def test_the_ports_alongside_are_none_that_linux_takes_for_other_connections(port: int, first: int) -> None:
    assert list(ports_alongside(port)) == list(range(first, min(first + 1000, 32768)))
    assert ports_alongside(port)[-1] < 32768


@pytest.mark.parametrize("state", ["created", "exited", "dead"])
@pytest.mark.parametrize("bad", [True, False], ids=["the new one fails", "the new one is healthy"])
def test_what_does_not_run_keeps_no_name_that_a_container_needs(sim: Sim, state: str, *, bad: bool) -> None:
    host = running(healthy=lambda one: not bad or one.version != "0.4", archives={"0.3", "0.4"})
    host.others = [dead(port, state) for port in (44342, 24343, 24344)]
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == (2 if bad else 0), ran.said
    assert "users are not affected" in ran.err or not bad
    clean(host, "0.3" if bad else "0.4")


def dead(port: int, state: str) -> Container:
    """What a start that failed left behind."""
    name = f"osprey-service-{port}"
    return Container(f"c-{port}", "osprey/service:0.2", "sha256:02", state, "", auto_remove=False, name=name)
