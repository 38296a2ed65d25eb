"""A release takes over from another in the VM, under load: no request is lost, no computation cut."""

from __future__ import annotations

from typing import Callable

from tests.conftest import Inv, Ran
from tests.lab.load import Load
from tests.lab.olympias import network
from tests.lab.olympias.machine import LabVm
from tests.lab.olympias.test_scenarios import steps
from tests.test_virtualbox import serving

TAKE_OVER = "deploy --version 0.4 -H olympias service.restart rollback"


def test_a_deploy_a_restart_and_a_rollback_on_olympias_lose_nothing_and_do_what_the_simulation_does(
    inv: Inv, deployed: LabVm, sim: Callable[..., Ran], figures: list[str]
) -> None:
    load = Load(network.ADDRESS, "0.3", rate=5, kept=4, jobs=20, seconds=(5, 60))
    with load.going_on() as report:
        real = inv(*TAKE_OVER.split(), limit=600)
    figures.append(f"olympias, ospreyops: {report}")
    assert real.code == 0, real.said
    assert deployed.ssh("docker ps -a --format {{.Image}}").split() == ["osprey/service:0.3"]
    assert (report.errors, report.cut) == ([], []), str(report)
    assert report.sent > 100 and report.done > 20, str(report)
    simulated = sim(TAKE_OVER, serving(name="olympias"))
    assert (simulated.code, steps(simulated)) == (0, steps(real)), real.said + simulated.said
