"""Each fault of the VM is found by what makes it, and by nothing else; and so is a disk that is nearly full."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ospreyops.errors import Blocked
from ospreyops.facts import Facts
from ospreyops.facts.machine import Contact, Process, Record, State, Tls, Trust
from ospreyops.faults import registry
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
