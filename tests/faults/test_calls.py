"""Which call of VirtualBox or docker-machine hangs, and what is ended first when the VM does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ospreyops.errors import Blocked
from ospreyops.facts import Facts
from ospreyops.facts.machine import Process, State, VmFacts
from ospreyops.faults.hung import hanging, repair
from ospreyops.step import Step
from ospreyops.target import Target
from tests.sim.mac import HEADLESS
from tests.sim.site import simulated
from tests.worlds import running, serving

OWN = Process(7, 7, 9000, f"{HEADLESS} --comment osprey-service --startvm x")
OTHER = Process(8, 8, 9000, f"{HEADLESS} --comment another --startvm x")
SERVER = Process(9, 9, 9000, "/x/VBoxSVC --auto-shutdown")


def call(line: str, age: int = 9000, *, pid: int = 50, group: int = 50) -> Process:
    return Process(pid, group, age, line)


def hung(**changed: Any) -> tuple[Facts, Target]:
    """A Mac whose VM and VirtualBox hang, and what is known of the VM."""
    site = simulated(serving())
    facts = site.look()
    machine = replace(facts.machine, state=State.HUNG, why="VBoxManage does not answer", vm=VmFacts(**changed))
    return replace(facts, machine=machine), site.target


def first(**changed: Any) -> Step:
    (step,) = repair(*hung(**changed))
    return step


@pytest.mark.parametrize(
    ("line", "age", "hangs"),
    [
        ("docker-machine ls", 119, False),
        ("docker-machine ls", 120, True),
        ("docker-machine -D status osprey-service", 120, True),
        ("docker-machine status another", 9000, False),
        ("docker-machine stop osprey-service", 899, False),
        ("docker-machine stop osprey-service", 900, True),
        ("VBoxManage list vms", 120, True),
        ("VBoxManage -q showvminfo osprey-service", 119, False),
        ("VBoxManage -q showvminfo osprey-service", 120, True),
        ("VBoxManage showvminfo another", 9000, False),
        ("VBoxManage modifyvm osprey-service --natpf1 x", 899, False),
        ("VBoxManage modifyvm osprey-service --natpf1 x", 900, True),
        ("docker-machine create osprey-service", 9000, False),
        ("docker-machine", 9000, False),
        ("vim docker-machine ls", 9000, False),
    ],
)
def test_a_call_hangs_when_it_is_known_about_this_vm_or_all_and_should_have_ended_long_ago(
    line: str, age: int, hangs: bool
) -> None:
    _, target = hung()
    assert target.machine.vm
    found = call(line, age)
    assert hanging(VmFacts(calls=(found,)), target.machine.vm) == ([found] if hangs else [])


@pytest.mark.parametrize(("login", "spared"), [("docker-machine ssh another", True), ("docker-machine ls", False)])
def test_only_a_login_spares_the_calls_of_its_group(login: str, spared: bool) -> None:
    _, target = hung()
    assert target.machine.vm
    beside = call("VBoxManage list vms", pid=51)
    elsewhere = call("VBoxManage list vms", pid=52, group=52)
    found = hanging(VmFacts(calls=(call(login, 1), beside, elsewhere)), target.machine.vm)
    assert (beside in found, elsewhere in found) == (not spared, True)


def test_a_word_of_another_program_is_no_login() -> None:
    _, target = hung()
    assert target.machine.vm
    found = hanging(VmFacts(calls=(call("VBoxManage ssh", 1), call("docker-machine ls", pid=51))), target.machine.vm)
    assert [one.pid for one in found] == [51]


def test_the_calls_are_ended_before_the_vm_and_the_vm_before_virtualboxs_server() -> None:
    calls = (call("docker-machine ls"), SERVER)
    assert str(first(calls=calls, process=OWN).do) == "kill -9 50"
    assert "1 call hung: docker-machine ls (pid 50, for 9000 s)" in first(calls=calls, process=OWN).why
    assert "the VM's process lives (pid 7)" in first(calls=(SERVER, OWN), process=OWN).why
    assert str(first(calls=(SERVER,)).do) == "kill -9 9"
    assert all(first(**state).ends for state in ({"calls": calls}, {"process": OWN}, {"calls": (SERVER,)}))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"calls": (call("docker-machine start osprey-service", 5),)}, "docker-machine start"),
        ({"calls": (call("VBoxManage startvm osprey-service", 5),)}, "VBoxManage startvm"),
        ({"calls": (call("VBoxManage controlvm osprey-service savestate", 5),)}, "savestate"),
        ({"making": call("docker-machine create osprey-service", 5)}, "docker-machine create"),
        ({"process": replace(OWN, age=119)}, "VBoxHeadless"),
    ],
)
def test_a_vm_that_is_made_started_or_saved_just_now_is_left_alone(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(Blocked, match=r"goes on") as refused:
        first(**{"process": OWN, **changed})
    assert said in refused.value.case
    assert refused.value.hint == "wait for its end, or end it there"


@pytest.mark.parametrize(
    "line",
    ["docker-machine start another", "docker-machine env osprey-service", "vim savestate osprey-service"],
)
def test_a_call_that_brings_up_another_vm_or_none_keeps_nothing_from_being_ended(line: str) -> None:
    assert "the VM's process lives" in first(process=replace(OWN, age=120), calls=(call(line, 5),)).why


def test_virtualboxs_server_is_ended_only_where_it_is_there_and_serves_no_other_vm() -> None:
    with pytest.raises(Blocked, match=r"; other VMs run: pid 8\n"):
        first(calls=(SERVER, OTHER))
    with pytest.raises(Blocked, match="there is nothing of the VM osprey-service to end\n"):
        first(calls=())


def test_a_vm_that_does_not_hang_is_not_ended() -> None:
    facts, target = hung(process=OWN, calls=(call("docker-machine ls"),))
    for state in set(State) - {State.HUNG}:
        assert list(repair(replace(facts, machine=replace(facts.machine, state=state)), target)) == []
    assert list(repair(simulated(running()).look(), simulated(running()).target)) == []
