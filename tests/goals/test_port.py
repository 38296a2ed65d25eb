"""Who may have the service's port, and which rules of a VM are in the runbook's way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import pytest

from ospreyops.errors import Blocked
from ospreyops.facts import Facts
from ospreyops.facts.host import Listener, Unit
from ospreyops.facts.machine import Rule, State
from ospreyops.facts.service import Problem, Symptom
from ospreyops.goals.network import check_port, clash, forwarded, is_forwarded, rules_unknown, vm_has_process
from ospreyops.step import Step
from ospreyops.target import Target
from tests.sim.host import SimHost
from tests.sim.mac import PID, SimMac
from tests.sim.site import simulated
from tests.worlds import running, serving

OWN = Rule("tcp-port44342", "tcp", "", 44342, "", 44342)
SSH = Rule("ssh", "tcp", "127.0.0.1", 50022, "", 22)
VM = Listener("VBoxHeadl", PID)
NGINX = Listener("nginx", 9)


def seen(host: SimHost, **changed: Any) -> tuple[Facts, Target]:
    """What a look shows of a host, but for what is changed: host.listener, local.error and machine or VM by name."""
    site = simulated(host)
    facts = site.look()
    if "rules" in changed:
        assert facts.machine.vm
        vm = replace(facts.machine.vm, rules=changed.pop("rules"))
        facts = replace(facts, machine=replace(facts.machine, vm=vm))
    if "listener" in changed:
        facts = replace(facts, host=replace(facts.host, listener=changed.pop("listener")))
    if "error" in changed:
        facts = replace(facts, local=replace(facts.local, about=None, desktop={}, error=changed.pop("error")))
    return replace(facts, machine=replace(facts.machine, **changed)), site.target


def whys(facts: Facts, target: Target) -> list[str]:
    return [step.why for step in forwarded(facts, target)]


@pytest.mark.parametrize(
    ("rules", "listener", "leads"),
    [
        ((SSH, OWN), VM, True),
        ((SSH, OWN), None, False),
        ((SSH,), VM, False),
        ((OWN,), VM, True),
        ((SSH, OWN, replace(SSH, name="x", host_port=44342)), VM, False),
        ((replace(OWN, guest_port=8080),), VM, False),
        (None, VM, True),
        (None, None, False),
    ],
)
def test_the_port_leads_into_the_vm_by_the_runbooks_rule_alone_and_where_something_listens(
    rules: Optional[tuple[Rule, ...]], listener: Optional[Listener], leads: bool
) -> None:
    assert is_forwarded(*seen(serving(), rules=rules, listener=listener)) is leads


def test_a_server_needs_no_rule() -> None:
    facts, target = seen(running(), listener=None)
    assert is_forwarded(facts, target)
    assert whys(facts, target) == []


def test_a_mac_without_a_vm_gets_no_rule() -> None:
    assert whys(*seen(SimMac(vm=""))) == []


def test_rules_that_nobody_could_ask_for_are_left_alone_while_the_port_leads_somewhere() -> None:
    assert whys(*seen(serving(), rules=None)) == []
    facts, target = seen(serving(), rules=None, listener=None, unasked="VBoxManage is late")
    with pytest.raises(Blocked, match="no rule of the VM can be seen: VBoxManage is late"):
        whys(facts, target)
    assert "no rule of the VM can be seen: it is gone" in rules_unknown(seen(serving(), why="it is gone")[0]).case


def test_a_rule_in_the_way_ends_something_only_where_the_service_serves_through_it() -> None:
    old = replace(OWN, name="old", guest_port=443)

    def steps(facts: Facts, target: Target) -> list[Step]:
        return list(forwarded(facts, target))

    serves = steps(*seen(serving(), rules=(SSH, old, OWN)))
    assert [(step.why, step.ends) for step in serves] == [(f"the rule {old} is in the way", True)]
    nobody = steps(*seen(serving(), rules=(SSH, old, OWN), error=Problem("closed", Symptom.CLOSED)))
    assert [step.ends for step in nobody] == [False]


def test_a_rule_that_is_there_and_dead_is_made_anew_only_while_the_vm_runs() -> None:
    closed = Problem("closed", Symptom.CLOSED)
    dead, target = seen(serving(), listener=None, error=closed)
    assert whys(dead, target) == [f"the rule {OWN} is there, but nothing listens on port 44342"]
    off, target = seen(serving(), listener=None, error=closed, state=State.STOPPED)
    assert whys(off, target) == []
    assert whys(*seen(serving())) == []


@pytest.mark.parametrize(
    ("other", "clashes"),
    [
        (OWN, True),
        (replace(OWN, host_port=1, guest_port=1), True),
        (replace(OWN, name="other", guest_port=8080), True),
        (replace(OWN, name="other", proto="udp"), False),
        (replace(OWN, name="other", host_port=44343), False),
        (SSH, False),
    ],
)
def test_two_rules_clash_by_their_name_or_by_their_port(other: Rule, clashes: bool) -> None:
    assert clash(other, OWN) is clashes


@pytest.mark.parametrize(
    ("host", "listener"),
    [(running(), NGINX), (running(), None), (serving(), VM), (serving(), None)],
    ids=["docker", "nobody", "the VM", "nobody on a Mac"],
)
def test_the_port_is_the_services_where_it_is_held_by(host: SimHost, listener: Optional[Listener]) -> None:
    check_port(*seen(host, listener=listener))


@pytest.mark.parametrize("host", [serving(), SimMac(vm="poweroff"), SimHost()], ids=["VM", "VM off", "server"])
def test_whoever_else_has_the_port_is_named(host: SimHost) -> None:
    with pytest.raises(Blocked, match=r"port 44342 of sim is taken by nginx \(pid 9\)"):
        check_port(*seen(host, listener=NGINX))


def test_a_server_whose_docker_cannot_be_asked_or_whose_unit_runs_has_the_port_itself() -> None:
    facts, target = seen(SimHost(), listener=NGINX)
    check_port(replace(facts, engine=None), target)
    unit = replace(facts.host, unit=Unit("activating", "/x", "/x", "0.3"))
    check_port(replace(facts, host=unit), target)
    off = replace(facts.host, unit=Unit("inactive", "/x", "/x", "0.3"))
    with pytest.raises(Blocked, match="taken by nginx"):
        check_port(replace(facts, host=off), target)


def test_a_container_that_is_not_running_has_no_port() -> None:
    host = running()
    assert host.service
    host.service = replace(host.service, state="exited")
    with pytest.raises(Blocked, match="taken by nginx"):
        check_port(*seen(host, listener=NGINX))


@pytest.mark.parametrize("symptom", Symptom)
def test_a_macs_port_that_somebody_answers_at_is_taken_though_only_root_sees_by_whom(symptom: Symptom) -> None:
    free = symptom in (Symptom.CLOSED, Symptom.UNASKED)
    facts, target = seen(serving(), listener=None, error=Problem("what curl said", symptom))
    if free:
        check_port(facts, target)
        return
    with pytest.raises(Blocked, match="is taken by an unknown process") as refused:
        check_port(facts, target)
    assert refused.value.evidence == "what curl said"


def test_what_answers_at_the_port_is_nobody_else_where_the_vm_listens_or_docker_is_on_the_host() -> None:
    slow = Problem("slow", Symptom.SILENT)
    check_port(*seen(serving(), listener=VM, error=slow))
    check_port(*seen(running(), listener=None, error=slow))
    facts, target = seen(serving(), listener=None, error=slow)
    check_port(replace(facts, local=replace(facts.local, about="Osprey service running!")), target)


@pytest.mark.parametrize(
    ("state", "process"),
    [(State.RUNNING, True), (State.PAUSED, True), (State.STOPPED, False), (State.SAVED, False)],
)
def test_a_rule_is_given_to_the_vms_process_where_it_has_one(state: State, process: bool) -> None:
    assert vm_has_process(*seen(serving(), state=state)) is process


@pytest.mark.parametrize("state", [State.ABSENT, State.HUNG, State.UNKNOWN])
def test_no_rule_is_changed_of_a_vm_that_cannot_be_asked(state: State) -> None:
    with pytest.raises(Blocked, match="no rule of the VM can be seen"):
        vm_has_process(*seen(serving(), state=state))
