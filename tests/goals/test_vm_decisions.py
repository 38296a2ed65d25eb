"""What brings Docker in a VM up: by each state, and by each thing that a look may show of the VM."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ospreyops.errors import Blocked
from ospreyops.facts import Facts
from ospreyops.facts.engine import EngineRefusal, Refusal
from ospreyops.facts.machine import Process, Record, Reply, State, Tls, Trust
from ospreyops.goals.machine import certificates_valid, clock_synced, docker_answers, engine_down, stopped, up, vm_of
from ospreyops.step import Step
from ospreyops.target import Target
from tests.sim.mac import SimMac
from tests.sim.site import simulated
from tests.worlds import running, serving

MAKING = Process(99, 99, 20, "docker-machine create osprey-service")
SETTINGS = "/x/osprey-service.vbox"
DOWN, DENIED, SILENT = (EngineRefusal("words", kind) for kind in (Refusal.DOWN, Refusal.DENIED, Refusal.SILENT))


def seen(mac: SimMac, *, engine: bool = True, **changed: Any) -> tuple[Facts, Target]:
    """What a look shows of a Mac, but for what is changed of its machine, its VM or the facts, by name."""
    site = simulated(mac)
    facts = site.look()
    assert facts.machine.vm
    known: tuple[Any, ...] = (facts.machine, facts.machine.vm, facts)
    machine, vm, whole = ({key: changed[key] for key in changed if hasattr(one, key)} for one in known)
    found = replace(facts.machine, **{**machine, "vm": replace(facts.machine.vm, **vm)})
    known_engine, refusal = (facts.engine if engine else None), whole.get("refusal")
    return replace(facts, machine=found, engine=known_engine, refusal=refusal), site.target


def outcomes(facts: Facts, target: Target) -> list[str]:
    return [step.outcome for step in docker_answers(facts, target)]


def test_a_vm_that_is_well_needs_nothing_and_a_server_has_none_to_work_on() -> None:
    assert outcomes(*seen(serving())) == []
    site = simulated(running())
    assert outcomes(site.look(), site.target) == []
    with pytest.raises(Blocked, match="Docker on sim is on the host itself"):
        vm_of(site.target)


@pytest.mark.parametrize(
    ("state", "outcome", "ends"),
    [
        (State.ABSENT, "the VM osprey-service is made", False),
        (State.SAVED, "the VM osprey-service is started: it goes on from its saved state", True),
        (State.ABORTED_SAVED, "the VM osprey-service is started: it goes on from its saved state", True),
        (State.STOPPED, "the VM osprey-service is started", False),
        (State.PAUSED, "the VM osprey-service is not paused any more", True),
        (State.BROKEN, "the VM osprey-service is powered off", True),
    ],
)
def test_a_vm_in_that_state_is_brought_up_by_one_step(state: State, outcome: str, ends: bool) -> None:
    (step,) = docker_answers(*seen(serving(), engine=False, state=state, unregistered=None))
    assert step.outcome.startswith(outcome)
    assert (step.ends, step.then_look) == (ends, True)


def test_a_saved_state_that_a_crash_left_is_loaded_in_another_way_than_one_that_was_saved() -> None:
    saved, aborted = (
        [str(step.do) for step in docker_answers(*seen(serving(), engine=False, state=state))]
        for state in (State.SAVED, State.ABORTED_SAVED)
    )
    assert saved[0].startswith("docker-machine start") and "VBoxManage startvm" in aborted[0]


@pytest.mark.parametrize(
    ("reply", "hint"),
    [
        (Reply.MISSING, "install VirtualBox"),
        (Reply.LATE, "wait until VirtualBox is less busy"),
        (Reply.STRANGE, "VBoxManage showvminfo osprey-service, on sim"),
    ],
)
def test_a_vm_that_nobody_can_ask_is_left_alone_and_what_helps_is_said(reply: Reply, hint: str) -> None:
    with pytest.raises(Blocked, match="nobody can say how the VM osprey-service is") as refused:
        outcomes(*seen(serving(), engine=False, state=State.UNKNOWN, reply=reply))
    assert refused.value.hint.startswith(hint)
    with pytest.raises(Blocked, match="the VM osprey-service hangs"):
        outcomes(*seen(serving(), engine=False, state=State.HUNG))


def test_the_making_of_a_vm_is_waited_for_only_while_docker_does_not_answer() -> None:
    (step,) = docker_answers(*seen(serving(), engine=False, making=MAKING))
    assert not step.changes and step.why == "waiting for the VM osprey-service to be made (pid 99)"
    assert outcomes(*seen(serving(), making=MAKING)) == []


def test_a_half_made_vm_is_removed_only_while_it_rests() -> None:
    (step,) = docker_answers(*seen(serving(), engine=False, state=State.STOPPED, unfinished=True))
    assert step.outcome == "the files of the half-made VM osprey-service are removed" and step.ends
    assert outcomes(*seen(serving(), unfinished=True)) == []


def test_a_vm_that_docker_machine_cannot_log_into_is_restarted_once_its_making_is_over() -> None:
    (step,) = docker_answers(*seen(serving(), record=Record(0)))
    assert (step.outcome, step.ends) == ("the VM osprey-service is restarted", True)
    assert outcomes(*seen(serving(), record=Record(50022))) == []
    assert outcomes(*seen(serving(), record=None)) == []
    assert outcomes(*seen(serving(), record=Record(0), making=MAKING)) == []
    (other,) = docker_answers(*seen(serving(), engine=False, record=Record(0), state=State.STOPPED))
    assert other.outcome == "the VM osprey-service is started"


@pytest.mark.parametrize(
    ("left", "hint"),
    [
        (SETTINGS, f"VBoxManage registervm {SETTINGS}, or "),
        (f"{SETTINGS}-prev", f"cp {SETTINGS}-prev {SETTINGS} && VBoxManage registervm {SETTINGS}, or "),
        ("/x", "a backup of its settings, NAME.vbox, in /x, or "),
    ],
)
def test_how_virtualbox_gets_to_know_a_vm_again_is_said_by_what_is_left_of_it(left: str, hint: str) -> None:
    with pytest.raises(Blocked, match="VirtualBox does not know the VM osprey-service") as refused:
        outcomes(*seen(SimMac(vm=""), unregistered=left))
    assert refused.value.hint.startswith(hint)
    assert outcomes(*seen(serving(), unregistered=left)) == []


def test_docker_that_does_not_run_is_started_one_that_refuses_is_said_and_one_that_is_silent_is_waited_for() -> None:
    (start,) = docker_answers(*seen(serving(), engine=False, refusal=DOWN))
    assert (start.outcome, start.ends) == ("Docker in the VM osprey-service is started", True)
    with pytest.raises(Blocked, match="Docker in the VM osprey-service refuses its own user: words"):
        outcomes(*seen(serving(), engine=False, refusal=DENIED))
    for refusal in (SILENT, None):
        (wait,) = docker_answers(*seen(serving(), engine=False, refusal=refusal, why="it boots"))
        assert not wait.changes and "to answer: it boots" in wait.why


def test_only_docker_itself_says_that_it_is_down() -> None:
    assert engine_down(seen(serving(), refusal=DOWN)[0])
    assert not engine_down(seen(serving(), refusal=SILENT)[0])
    assert not engine_down(seen(serving())[0])


@pytest.mark.parametrize(
    ("changed", "way"),
    [
        ({"refusal": DOWN}, "fix.docker"),
        ({"record": Record(0)}, "machine.restart"),
        ({"state": State.PAUSED}, "fix.paused"),
        ({"state": State.BROKEN}, "fix.stopped"),
    ],
)
def test_what_would_end_a_service_that_serves_is_only_named(changed: dict[str, Any], way: str) -> None:
    with pytest.raises(Blocked, match="nothing is ended") as refused:
        list(up(*seen(serving(), engine="record" in changed, **changed)))
    assert refused.value.hint == f"inv {way} --yes -H sim, which ends it"


def test_what_a_stop_of_the_vm_cuts_is_said_where_docker_could_be_asked() -> None:
    facts, target = seen(serving())
    assert facts.engine and facts.engine.service
    computes = replace(facts.engine, service=replace(facts.engine.service, jobs=("sander",)))
    (cut,), (unasked,) = (stopped(replace(facts, engine=engine), target) for engine in (computes, None))
    assert cut.why == "the VM osprey-service is running (with sander computing in it: cut)"
    assert unasked.why == "the VM osprey-service is running"


def clock(behind: Any, **changed: Any) -> list[Step]:
    return list(clock_synced(*seen(serving(), clock_behind=behind, **changed)))


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        (None, ""),
        (4.9, ""),
        (-4.9, ""),
        (5.0, "the VM's clock is 5 s behind its host"),
        (-5.0, "the VM's clock is 5 s ahead of its host"),
    ],
)
def test_a_clock_is_set_where_it_differs_by_five_seconds_either_way(behind: Any, said: str) -> None:
    steps = clock(behind)
    assert {step.why for step in steps} == ({said} if said else set())


def test_that_docker_refuses_a_wrong_clock_is_said_where_it_does() -> None:
    refused = clock(90.0, tls=Tls(Trust.REFUSED, "bad certificate"))
    assert refused[0].why.endswith("and Docker refuses us: bad certificate")
    for tls in (None, Tls(Trust.ACCEPTED)):
        assert clock(90.0, tls=tls)[0].why == "the VM's clock is 90 s behind its host"


def test_the_next_drift_is_left_to_the_vm_only_where_vboxmanage_can_tell_it_so() -> None:
    assert [step.outcome for step in clock(90.0)][-1] == "the VM's clock is set"
    assert (len(clock(90.0)), len(clock(90.0, rules=None))) == (2, 1)


def renewed(**changed: Any) -> list[str]:
    return [step.outcome for step in certificates_valid(*seen(serving(), **changed))]


@pytest.mark.parametrize("trust", [Trust.REFUSED, Trust.MOVED])
def test_certificates_that_are_refused_are_renewed_in_a_vm_that_runs(trust: Trust) -> None:
    assert renewed(tls=Tls(trust)) == ["the certificates are renewed"]
    assert renewed(tls=Tls(trust), engine=False) == []
    assert renewed(tls=Tls(trust), state=State.PAUSED) == []
    both = ["the client's certificate is put aside", "the certificates are renewed"]
    assert renewed(tls=Tls(trust), other_ca=True) == both


@pytest.mark.parametrize("tls", [None, Tls(Trust.ACCEPTED), Tls(Trust.UNREACHABLE), Tls(Trust.UNKNOWN)])
def test_certificates_that_nobody_refused_stay(tls: Any) -> None:
    assert renewed(tls=tls, other_ca=True) == []


def test_a_docker_command_that_no_certificate_would_help_is_said() -> None:
    with pytest.raises(Blocked, match="cannot speak to the VM's Docker"):
        renewed(tls=Tls(Trust.UNFIT))
    assert renewed(tls=Tls(Trust.UNFIT), state=State.PAUSED) == []


@pytest.mark.parametrize("state", State)
def test_a_vm_is_shut_down_where_it_can_be_and_else_what_helps_is_said(state: State) -> None:
    facts, target = seen(serving(), state=state)
    if state in (State.RUNNING, State.CHANGING):
        (step,) = stopped(facts, target)
        assert (step.outcome, step.ends) == ("the VM osprey-service is stopped", True)
    elif state in (State.ABSENT, State.STOPPED, State.SAVED, State.ABORTED_SAVED):
        assert list(stopped(facts, target)) == []
    else:
        with pytest.raises(Blocked, match="does not shut down") as refused:
            list(stopped(facts, target))
        hints = {State.HUNG: "inv fix.hung", State.UNKNOWN: "inv doctor"}
        assert refused.value.hint == f"{hints.get(state, 'inv machine.kill')} -H sim"
