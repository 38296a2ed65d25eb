"""Going back to a release, what is kept for it, and the maintainer's own programs around a deploy."""

from __future__ import annotations

from tests.sim.host import SimHost
from tests.worlds import Sim, deployed


def running(host: SimHost) -> str:
    assert host.service
    return host.service.version


def test_a_rollback_goes_to_the_last_release_that_was_healthy_here(sim: Sim) -> None:
    host = deployed(sim, "0.2", "0.3", "0.4")
    ran = sim("rollback -H sim", host)
    assert ran.code == 0, ran.said
    assert (running(host), host.desired) == ("0.3", "0.3")


def test_a_release_that_was_never_healthy_is_no_rollback_target(sim: Sim) -> None:
    host = deployed(sim, "0.3")
    host.healthy = lambda container: container.version != "0.4"
    assert sim("deploy --version 0.4 -H sim", host).code == 2
    host.healthy = lambda _: True
    assert sim("deploy --version 0.2 -H sim rollback", host).code == 0
    assert running(host) == "0.3"


def test_a_rollback_to_what_runs_already_does_nothing(sim: Sim) -> None:
    host = deployed(sim, "0.3", "0.4")
    assert sim("rollback --version 0.3 -H sim", host).code == 0
    host.ran.clear()
    assert "nothing to do" in sim("rollback --version 0.3 -H sim", host).out
    assert host.ran == []


def test_without_another_release_there_is_no_rollback_target(sim: Sim) -> None:
    host = deployed(sim, "0.3")
    ran = sim("rollback -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "no other release was healthy on sim before" in ran.err


def test_a_rollback_works_after_the_service_was_stopped(sim: Sim) -> None:
    host = deployed(sim, "0.3", "0.4")
    assert sim("service.stop -H sim", host).code == 0
    assert sim("rollback --version 0.3 -H sim", host).code == 0
    assert running(host) == "0.3"


def test_a_rollback_that_fails_leaves_the_service_that_ran(sim: Sim) -> None:
    host = deployed(sim, "0.3", "0.4")
    host.healthy = lambda container: container.version == "0.4"
    ran = sim("rollback -H sim", host)
    assert ran.code == 2
    assert "service: osprey/service:0.4 still serves" in ran.err
    assert (running(host), host.desired) == ("0.4", "0.4")
