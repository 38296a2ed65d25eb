"""A deploy is killed at any of its steps, and the VM loses its power or does not: the same command ends healthy."""

from __future__ import annotations

import itertools

import pytest

from tests.conftest import Inv
from tests.lab.killed import killed_at
from tests.lab.olympias.faults import RULE
from tests.lab.olympias.machine import LabVm


@pytest.mark.reliability
@pytest.mark.parametrize("power_off", [False, True], ids=["", "and_the_vm_loses_its_power"])
def test_a_deploy_killed_at_any_step_ends_healthy_when_it_is_run_again(
    inv: Inv, deployed: LabVm, power_off: bool
) -> None:
    loaded = inv("image.load", "--version", "0.4", "-H", "olympias")
    assert loaded.code == 0, loaded.said
    for step, version in enumerate(itertools.cycle(["0.4", "0.3"])):
        deploy = ("deploy", "--version", version, "-H", "olympias")
        killed = killed_at(inv, step, *deploy)
        if killed and power_off:
            deployed.power_off()
        again = inv(*deploy, limit=500)
        assert again.code == 0, again.said
        assert deployed.ssh("docker ps -a --format {{.Image}}").split() == [f"osprey/service:{version}"]
        assert deployed.service_rules == [RULE]
        if not killed:
            break
    assert step >= 5
