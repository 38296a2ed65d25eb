"""Each fault of the VM is found by what makes it, and by nothing else; and so is a disk that is nearly full."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ospreyops.errors import Blocked
from ospreyops.facts import Facts
from ospreyops.facts.engine import EngineRefusal, Refusal
from ospreyops.facts.machine import Contact, Process, Record, Rule, State, Tls, Trust
from ospreyops.faults import FIRST, registry
from ospreyops.faults.disk import ROOM, repair
from ospreyops.target import Target
from tests.sim.mac import SimMac
from tests.sim.site import simulated
from tests.worlds import running, serving

MAKING = Process(99, 99, 20, "docker-machine create osprey-service")


def seen(mac: SimMac, **changed: Any) -> tuple[Facts, Target]:
    """What a look shows of a Mac, but for what is changed of its state or its VM."""
    site = simulated(mac)
    facts = site.look()
    assert facts.machine.vm
    state = changed.pop("state", facts.machine.state)
    machine = replace(facts.machine, state=state, vm=replace(facts.machine.vm, **changed))
    return replace(facts, machine=machine), site.target


@pytest.mark.parametrize(
    ("fault", "changed", "there"),
    [
        ("address", {"tls": Tls(Trust.MOVED)}, True),
        ("address", {"tls": Tls(Trust.UNREACHABLE)}, True),
        ("address", {"tls": Tls(Trust.REFUSED)}, False),
        ("address", {"tls": None}, False),
        ("address", {"tls": None, "address": None}, True),
        ("address", {"tls": None, "address": None, "state": State.PAUSED}, False),
        ("address", {"tls": Tls(Trust.MOVED), "contact": Contact.SILENT}, False),
        ("certs", {"tls": Tls(Trust.REFUSED)}, True),
        ("certs", {"tls": Tls(Trust.MOVED)}, False),
        ("certs", {"tls": Tls(Trust.REFUSED), "clock_behind": 90.0}, False),
        ("certs", {"tls": None}, False),
        ("config", {"record": None, "files": True}, True),
        ("config", {"record": None, "files": False}, False),
        ("config", {"record": None, "files": True, "making": MAKING}, False),
        ("config", {"record": None, "files": True, "unfinished": True}, False),
        ("config", {"record": None, "files": True, "state": State.ABSENT}, False),
        ("config", {"record": Record(50022), "files": True}, False),
        ("stopped", {"state": State.STOPPED}, True),
        ("stopped", {"state": State.BROKEN}, True),
        ("stopped", {"state": State.PAUSED}, False),
        ("paused", {"state": State.PAUSED}, True),
        ("paused", {"state": State.RUNNING}, False),
    ],
)
def test_a_fault_is_found_by_what_makes_it_and_by_nothing_else(fault: str, changed: Any, there: bool) -> None:
    (known,) = [one for one in registry() if one.name == fault]
    assert bool(known.find(*seen(serving(), **changed))) is there


def test_causes_come_before_what_they_cause_and_each_repair_says_what_it_does() -> None:
    registry.cache_clear()
    assert tuple(fault.name for fault in registry()) == FIRST
    assert {fault.name: fault.about for fault in registry()}["clock"] == "Set the VM's clock"


def test_a_repair_that_ends_something_in_one_of_its_steps_wants_a_yes_while_the_service_serves() -> None:
    old = Rule("old", "tcp", "", 44342, "", 443)
    (known,) = [one for one in registry() if one.name == "forward"]
    facts, target = seen(serving(), rules=(old,))
    found = known.find(facts, target)
    assert found and found.wants_yes and found.evidence == "port 44342 is not forwarded"
    dead = known.find(replace(facts, local=replace(facts.local, desktop={})), target)
    assert dead and not dead.wants_yes


def test_what_new_certificates_or_a_restart_would_cut_is_told_with_the_evidence() -> None:
    facts, target = seen(serving(), address=None)
    assert facts.engine and facts.engine.service
    computes = replace(facts.engine, service=replace(facts.engine.service, jobs=("sander",)))
    (known,) = [one for one in registry() if one.name == "address"]
    found = known.find(replace(facts, engine=computes), target)
    assert found and found.evidence.endswith("no address on the host-only network (with sander computing in it: cut)")


def test_docker_is_started_only_in_a_vm_that_runs_and_only_where_it_said_that_it_is_down() -> None:
    (known,) = [one for one in registry() if one.name == "docker"]
    facts, target = seen(serving())
    down = replace(facts, engine=None, refusal=EngineRefusal("refused", Refusal.DOWN))
    silent = replace(down, refusal=EngineRefusal("timeout", Refusal.SILENT))
    paused = replace(down, machine=replace(facts.machine, state=State.PAUSED))
    assert [known.find(one, target) is not None for one in (down, silent, paused)] == [True, False, False]
    server = simulated(running())
    assert known.find(replace(server.look(), engine=None, refusal=down.refusal), server.target) is None


def test_a_vm_is_not_started_where_no_release_is_desired() -> None:
    facts, target = seen(serving(desired=""), state=State.STOPPED)
    (known,) = [one for one in registry() if one.name == "stopped"]
    assert known.find(facts, target) is None


def test_an_address_is_not_made_anew_while_docker_cannot_be_asked_or_where_there_is_no_vm() -> None:
    (known,) = [one for one in registry() if one.name == "address"]
    facts, target = seen(serving(), address=None)
    assert known.find(replace(facts, engine=None), target) is None
    site = simulated(running())
    assert all(fault.find(site.look(), site.target) is None for fault in registry())


@pytest.mark.parametrize("free", [ROOM - 1, ROOM, None])
@pytest.mark.parametrize("disk", ["vm", "host", "docker"])
def test_a_disk_is_nearly_full_below_two_gigabytes_wherever_it_is(disk: str, free: Any) -> None:
    mac, server = simulated(serving()), simulated(running())
    facts, target = (mac.look(), mac.target) if disk == "vm" else (server.look(), server.target)
    if disk == "vm":
        assert facts.machine.vm
        facts = replace(facts, machine=replace(facts.machine, vm=replace(facts.machine.vm, disk_free=free)))
    elif disk == "host":
        facts = replace(facts, host=replace(facts.host, disk_free=free))
    else:
        facts = replace(facts, machine=replace(facts.machine, disk_free=free))
    if free != ROOM - 1:
        assert list(repair(facts, target)) == []
        return
    with pytest.raises(Blocked, match={"vm": "disk of the VM", "host": "disk of sim", "docker": "of Docker"}[disk]):
        list(repair(facts, target))
