"""What is wrong with a host, and what to do next: one sentence each, by what a look shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

import pytest

from ospreyops.errors import Blocked, Unhealthy
from ospreyops.facts import Facts
from ospreyops.facts.engine import EngineRefusal, Refusal
from ospreyops.facts.host import Desired, LastChange
from ospreyops.facts.machine import State, Tls, Trust
from ospreyops.facts.service import Problem, Symptom
from ospreyops.goals.desired import NO_FILE
from ospreyops.healing.diagnosis import Diagnosis, diagnose
from ospreyops.target import Target
from tests.sim.host import SimHost
from tests.sim.mac import SimMac
from tests.sim.site import simulated
from tests.worlds import running, serving, with_fault

EMPTY = "it is empty"


def seen(host: SimHost, **changed: Any) -> tuple[Facts, Target]:
    """What a look shows of a host, but for what is changed of the host itself."""
    site = simulated(host)
    facts = site.look()
    return replace(facts, host=replace(facts.host, **changed)), site.target


def judged(host: SimHost, **changed: Any) -> Diagnosis:
    return diagnose(*seen(host, **changed))


def stopped(**state: Any) -> SimHost:
    """A server whose desired release does not run."""
    host = running(**state)
    host.stop()
    return host


def sick(
    symptom: Symptom = Symptom.OTHER, *, jobs: tuple[str, ...] = (), port: int = 44342, **changed: Any
) -> Diagnosis:
    """What is found where the release runs, and Java does not answer."""
    facts, target = seen(running(), **changed)
    assert facts.engine and facts.engine.service
    engine = replace(facts.engine, service=replace(facts.engine.service, jobs=jobs, port=port))
    local = replace(facts.local, desktop={"0.3": Problem("slow", symptom)})
    machine = replace(facts.machine, active_port=port)
    return diagnose(replace(facts, engine=engine, local=local, machine=machine), target)


def test_a_healthy_host_has_no_case_and_needs_nothing() -> None:
    found = judged(running())
    assert (found.case, found.advice, found.blind) == (None, None, False)
    found.check()


def test_a_fault_alone_is_a_case_and_the_service_comes_before_it() -> None:
    clock = judged(with_fault("clock"))
    assert (clock.problem, clock.case) == (None, clock.faults[0].evidence)
    with pytest.raises(Unhealthy, match="the VM's clock is 90 s behind its host") as error:
        clock.check()
    assert error.value.hint == clock.advice
    assert judged(stopped()).case == "the service does not run on sim"


def test_a_host_whose_docker_cannot_be_asked_is_not_judged() -> None:
    facts, target = seen(running())
    refusal = EngineRefusal("permission denied", Refusal.DENIED)
    blind = diagnose(replace(facts, engine=None, refusal=refusal), target)
    assert blind.blind and blind.advice == "log in as a user who may use sudo"
    with pytest.raises(Blocked, match="ops may not use Docker on sim: permission denied"):
        blind.check()


@pytest.mark.parametrize(
    ("host", "changed", "advice"),
    [
        (stopped(), {}, "inv heal -H sim"),
        (stopped(), {"desired": None}, "inv deploy 0.3 -H sim"),
        (SimHost(), {}, "inv deploy 0.4 -H sim"),
        (SimHost(archives=set()), {}, "a release's archive, then: inv deploy 0.3 --from FILE -H sim"),
        (running(), {"desired": None}, None),
        (running(), {"desired": None, "damaged": {"wanted": EMPTY}}, "inv deploy 0.3 -H sim"),
        (running(), {"desired": None, "damaged": {"wanted": NO_FILE}}, "mv "),
        (running(), {"desired": None, "damaged": {"wanted": EMPTY, "host": EMPTY}}, "rm "),
        (running(), {"desired": None, "damaged": {"host": EMPTY}}, "rm "),
        (SimHost(archives=set()), {"damaged": {"wanted": EMPTY}}, "mv "),
    ],
)
def test_the_advice_is_a_task_that_changes_something_else_what_a_person_can_do(
    host: SimHost, changed: dict[str, Any], advice: Optional[str]
) -> None:
    found = judged(host, **changed).advice
    assert (found is None) if advice is None else (found or "").startswith(advice)


@pytest.mark.parametrize(
    ("last", "tried"),
    [
        (None, False),
        (LastChange("heal", "failed: it did not work"), True),
        (LastChange("watch", "failed: it did not work"), True),
        (LastChange("heal", "ok"), False),
        (LastChange("fix.service", "failed: it did not work"), False),
        (LastChange("", "failed: it did not work"), False),
    ],
)
def test_a_task_that_failed_last_is_advised_again_only_once_it_is_known_why(
    last: Optional[LastChange], tried: bool
) -> None:
    advice = "find out why it failed last (failed: it did not work), then: inv heal -H sim"
    assert judged(stopped(), last_change=last).advice == (advice if tried else "inv heal -H sim")


def test_that_the_watchdog_failed_says_nothing_of_a_deploy() -> None:
    failed = LastChange("watch", "failed: it did not work")
    assert judged(stopped(), desired=None, last_change=failed).advice == "inv deploy 0.3 -H sim"


@pytest.mark.parametrize("changed", [{}, {"desired": None}], ids=["heal", "deploy, which would record it"])
def test_where_a_task_would_only_wait_the_advice_is_to_look_again(changed: dict[str, Any]) -> None:
    found = sick(**changed).advice or ""
    log = "/home/ops/osprey/service-docker/osprey-service.log"
    assert found.startswith(f"look again in a while, and if it stays so, into {log}: waiting for osprey/service:0.3")


def test_the_log_to_look_into_is_that_of_the_container_that_serves() -> None:
    assert "/osprey-service-24343.log: " in (sick(port=24343).advice or "")


def test_what_computes_and_hangs_is_ended_only_by_a_command_that_says_yes() -> None:
    found = sick(Symptom.SILENT, jobs=("sander",))
    assert found.advice == "inv fix.service --yes -H sim"


def test_a_task_that_changes_something_before_it_waits_is_advised() -> None:
    assert sick(logs={"osprey-service.log": 60_000_000}).advice == "inv heal -H sim"


def test_a_fault_that_no_release_waits_for_is_repaired_by_its_own_task() -> None:
    assert judged(with_fault("clock"), desired=None).advice == "inv fix.clock -H sim"
    assert judged(with_fault("sleep"), desired=None).advice == "inv fix.sleep --yes -H sim"


def test_certificates_of_a_service_that_serves_are_renewed_only_with_a_yes() -> None:
    assert judged(with_fault("certs")).advice == "inv fix.certs --yes -H sim"


def test_what_only_a_person_can_do_is_told_as_it_stands() -> None:
    full = judged(running(docker_free=10**9))
    assert (full.advice or "").startswith("see what else is big there")
    taken = judged(with_fault("forward", taken="nc 99"))
    assert taken.advice == "stop that there: lsof -nP -iTCP:44342"


def test_a_choice_that_costs_something_is_told_with_the_task_that_has_it() -> None:
    host = running(memory_free=10**9)
    host.load("0.4")
    host.unpacked.add("0.4")
    found = judged(host, desired=Desired("0.4")).advice
    assert found and found.startswith("your decision: inv deploy 0.4 -H sim --stop-first, which stops osprey/")


def test_a_vm_that_hangs_is_told_with_its_repair() -> None:
    assert judged(serving(hung=True)).advice == "inv heal -H sim"


def test_a_vm_that_only_a_person_can_bring_back_is_told_so() -> None:
    mac = SimMac(vm="", store="there\n3000000\tdisk.vmdk\n/x/osprey-service.vbox\n", desired="0.3")
    found = judged(mac)
    assert (found.advice or "").startswith("VBoxManage registervm /x/osprey-service.vbox")


def test_a_docker_command_that_no_task_can_help_is_told_with_what_does() -> None:
    facts, target = seen(with_fault("service"))
    vm = facts.machine.vm
    assert vm and facts.machine.state is State.RUNNING
    unfit = replace(facts, machine=replace(facts.machine, vm=replace(vm, tls=Tls(Trust.UNFIT))))
    assert (diagnose(unfit, target).advice or "").startswith("one of Docker 19.03 to 28 on its PATH")
