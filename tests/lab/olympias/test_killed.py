"""A deploy is killed at any of its steps, and the VM loses its power or does not: the same command ends healthy."""

from __future__ import annotations

import itertools

import pytest

from tests.conftest import Inv
from tests.lab.killed import killed_at, prints
from tests.lab.olympias.faults import FAULTS, RULE
from tests.lab.olympias.machine import LabVm


@pytest.mark.reliability
@pytest.mark.parametrize("power_off", [False, True], ids=["", "and_the_vm_loses_its_power"])
def test_a_deploy_killed_at_any_step_ends_healthy_when_it_is_run_again(
    inv: Inv, deployed: LabVm, power_off: bool
) -> None:
    loaded = inv("image.load", "--version", "0.4", "-H", "olympias")
    assert loaded.code == 0, loaded.said
    for step, version in enumerate(itertools.cycle(["0.4", "0.3"])):
        deploy = ("deploy", "--version", version, "--drop-versions", "0.4", "-H", "olympias")
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


@pytest.mark.reliability
def test_all_that_a_cut_off_renewal_of_certificates_leaves_is_repaired(inv: Inv, deployed: LabVm) -> None:
    """A heal brings the service back, if it is gone; what the renewal would end meanwhile wants a yes."""
    FAULTS["other certificates were put in place"][1](deployed)
    with inv.start("fix.certs", "--yes", "-v", "-H", "olympias") as cut:
        assert prints(cut, "Copying certs to the remote machine..."), "the renewal ended before"
        cut.kill()
    for task, says in (("doctor", "docker "), ("heal", ""), ("fix.certs --yes", ""), ("fix.certs", "nothing to do")):
        ran = inv(*task.split(), "-H", "olympias", limit=300)
        assert says in ran.out and (ran.code == 0 or task == "doctor"), ran.said
    assert inv("net.check", "-H", "olympias").code == 0
