"""A release takes over from another in the VM, under load: no request is lost, no computation cut."""

from __future__ import annotations

from tests.conftest import Inv
from tests.lab.load import Load
from tests.lab.olympias import network
from tests.lab.olympias.machine import LabVm

LINES = {"deploy --version 0.4": "0.4", "rollback": "0.3"}


def test_a_deploy_and_a_rollback_on_olympias_lose_no_request_and_cut_no_computation(
    inv: Inv, deployed: LabVm, figures: list[str]
) -> None:
    load = Load(network.ADDRESS, "0.3", rate=6, kept=4, jobs=20, seconds=(5, 20))
    with load.going_on() as report:
        for line, version in LINES.items():
            ran = inv(*line.split(), "--drain", "40", "-H", "olympias", limit=400)
            assert ran.code == 0, ran.said
            running = deployed.ssh("docker ps --format {{.Image}}").split()
            assert running == [f"osprey/service:{version}"]
    figures.append(f"olympias, ospreyops: {report}")
    assert (report.errors, report.cut) == ([], []), str(report)
    assert report.sent > 100 and report.done > 20, str(report)
