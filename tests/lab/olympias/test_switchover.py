"""A release takes over from another in the VM, under load: no request is lost, no computation cut."""

from __future__ import annotations

from typing import Callable

import pytest

from tests.conftest import Inv, Ran
from tests.lab.hosts import Releases
from tests.lab.load import BAD, REFUSED, RUNBOOK, SERVES, Load
from tests.lab.olympias import network
from tests.lab.olympias.machine import LabVm
from tests.lab.olympias.simulated import healthy_mac, steps

TAKE_OVER = "deploy --version 0.4 -H olympias service.restart rollback --drop-versions 0.4"
DOCKER = 'PATH=/usr/local/bin:$PATH; eval "$(docker-machine env osprey-service)"; '


def load(seconds: tuple[float, float]) -> Load:
    """52 requests a second, 47 of them over kept connections, for one emulated processor opens few; 20 computations."""
    return Load(network.ADDRESS, "0.3", rate=52, kept=47, jobs=20, seconds=seconds)


@pytest.mark.reliability
def test_a_deploy_a_restart_and_a_rollback_on_olympias_lose_nothing_and_do_what_the_simulation_does(
    inv: Inv, deployed: LabVm, sim: Callable[..., Ran], figures: list[str]
) -> None:
    with load((5, 60)).going_on() as report:
        real = inv(*TAKE_OVER.split(), limit=900)
    anew = inv("service.stop", "-H", "olympias", "service.start", "--version", "0.3", limit=300)
    assert anew.code == 0, anew.said
    with load((5, 10)).going_on() as runbook:
        deployed.host.sh(DOCKER + RUNBOOK.format(sudo="", folder="osprey/service-docker", version="0.3"))
    figures += [f"olympias, ospreyops: {report}", f"olympias, runbook: {runbook}"]
    assert real.code == 0, real.said
    assert (report.errors, report.cut) == ([], []), str(report)
    assert report.sent > 5000 and report.done > 20, str(report)
    assert runbook.errors and len(runbook.cut) >= 20, str(runbook)
    simulated = sim(TAKE_OVER, healthy_mac())
    assert (simulated.code, steps(simulated)) == (0, steps(real)), real.said + simulated.said


@pytest.mark.reliability
def test_no_bad_release_disturbs_the_one_that_serves_on_olympias(
    inv: Inv, deployed: LabVm, releases: Releases, figures: list[str]
) -> None:
    words = ("deploy", "--version", "0.4", "--health-timeout", "20", "-H", "olympias", "--from")
    with load((5, 10)).going_on() as report:
        for fault in BAD:
            ran = inv(*words, str(releases("0.4", fault)), limit=400)
            assert ran.code in (2, 3, 5) and (SERVES in ran.said or fault in REFUSED), f"{fault}: {ran.said}"
            assert deployed.ssh("docker ps -a --format {{.Image}}").split() == ["osprey/service:0.3"], fault
            deployed.ssh("docker image rm osprey/service:0.4 || true")
            deployed.host.sh("rm -rf osprey/service-docker/0.4")
    figures.append(f"olympias, {len(BAD)} bad releases: {report}")
    assert (report.errors, report.cut) == ([], []), str(report)
