"""status, doctor and heal judge a host alike."""

from __future__ import annotations

from typing import Callable

import pytest

from tests.conftest import Ran
from tests.sim.host import SimHost
from tests.sim.mac import SimMac
from tests.worlds import CURABLE, running, serving, with_fault

Sim = Callable[..., Ran]


@pytest.mark.parametrize("name", [*CURABLE, "sleep"])
def test_status_and_doctor_end_with_the_same_status_and_the_same_advice(sim: Sim, name: str) -> None:
    shown, named = (sim(f"{task} -H sim", with_fault(name)) for task in ("status", "doctor"))
    assert shown.code == named.code == 2
    assert shown.err == named.err


def test_a_healthy_host_without_a_fault_is_healthy_to_both(sim: Sim) -> None:
    assert [sim(f"{task} -H sim", running()).code for task in ("status", "doctor", "heal")] == [0, 0, 0]


@pytest.mark.parametrize("host", [SimHost(), SimMac(vm=""), SimMac(vm="poweroff", pmset=" sleep 1\n")])
def test_a_fresh_host_is_told_to_deploy(sim: Sim, host: SimHost) -> None:
    assert "try: inv deploy 0.4 -H sim" in sim("doctor -H sim", host).err


def test_a_service_stopped_on_purpose_is_told_how_it_starts_again(sim: Sim) -> None:
    host = running()
    assert sim("service.stop -H sim", host).code == 0
    assert "try: inv deploy 0.3 -H sim" in sim("doctor -H sim", host).err


def test_what_only_a_person_can_do_is_said_as_that(sim: Sim) -> None:
    mac = serving(taken="nc 99")
    mac.service = None
    assert "try: stop that there: lsof" in sim("doctor -H sim", mac).err


@pytest.mark.parametrize("task", ["status", "doctor"])
def test_what_docker_says_stands_once_on_the_screen(sim: Sim, task: str) -> None:
    ran = sim(f"{task} -H sim", with_fault("docker"))
    assert ran.said.count("dial unix") == 1
    assert ran.err == "FAILED sim has 1 fault: docker\n  try: inv heal -H sim\n"
