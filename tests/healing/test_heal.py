"""What heal does, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ospreyops.facts.engine import Container, EngineFacts, EngineRefusal
from tests.sim.host import SimHost
from tests.worlds import CURABLE, Sim, with_fault


@pytest.mark.parametrize("name", CURABLE)
def test_heal_repairs_each_fault_that_keeps_the_service_from_being_healthy(sim: Sim, name: str) -> None:
    mac = with_fault(name)
    assert sim("heal -H sim", mac).code == 0
    assert sim("service.status -H sim", mac).code == 0


def test_a_healthy_service_is_never_cut_by_heal(sim: Sim) -> None:
    for fault in ("certs", "address"):
        mac = with_fault(fault)
        service = mac.service
        assert sim("heal -H sim", mac).code == 0
        assert mac.service is service
        assert sim("doctor -H sim", mac).code == 2


def test_a_service_that_is_not_desired_is_left_alone_by_heal(sim: Sim) -> None:
    for mac in (with_fault("stopped", desired=""), with_fault("service", desired="")):
        ran = sim("heal -H sim", mac)
        assert (ran.code, mac.ran) == (0, [])
        assert "no release is desired" in ran.out


def test_a_server_without_a_vm_has_only_the_faults_that_it_can_have(sim: Sim) -> None:
    host = SimHost(desired="0.3")
    host.load("0.3")
    host.unpacked.add("0.3")
    found = sim("doctor -H sim", host)
    assert "osprey/service:0.3 does not run" in found.out
    assert sim("heal -H sim", host).code == 0
    assert host.service
    assert sim("doctor -H sim", host).code == 0


def test_the_port_of_a_container_that_is_about_to_run_is_not_taken_by_a_stranger(sim: Sim) -> None:
    host = SimHost(desired="0.3", unpacked={"0.3"})
    host.load("0.3")
    engine, begun = host.engine, list[Container]()

    def created_at_first() -> EngineFacts | EngineRefusal:
        facts = engine()
        if isinstance(facts, EngineFacts) and facts.service and not begun:
            begun.append(facts.service)
            return replace(facts, service=replace(facts.service, state="created"))
        return facts

    host.engine = created_at_first  # type: ignore[method-assign]  # a host on which this alone differs
    ran = sim("heal -H sim", host)
    assert begun and ran.code == 0, ran.said
