"""A start: by which script, and what is said of one that ended."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from tests.conftest import Ran
from tests.delivery.images import PACKERS, classic, released
from tests.sim.host import SimHost
from tests.worlds import running

Sim = Callable[..., Ran]


def test_a_release_that_is_given_is_started_by_its_own_script(sim: Sim, tmp_path: Path) -> None:
    image = PACKERS["bzip2"](classic("osprey/service:0.13"))
    archive = released(tmp_path / "osprey-service-docker-0.13.tar", image, "0.13")
    host = SimHost(name="localhost", unpacked={"0.3"}, archives=set())
    ran = sim(f"--dry deploy --version 0.13 --from {archive}", host)
    assert ran.code == 0, ran.said
    assert "0.13/osprey-service --version 0.13" in ran.out
    assert "0.3/osprey-service" not in ran.out


def test_the_end_of_another_releases_script_is_not_told_of_this_one(sim: Sim) -> None:
    host = running("0.4", exits=1)
    host.service, host.listener, host.ended, host.tried = None, "", 1, "0.3"
    host.desired = "0.4"
    assert "exit status" not in sim("doctor -H sim", host).said
    host.tried = "0.4"
    assert "0.4 does not run: its start script ended with exit status 1" in sim("doctor -H sim", host).said


@pytest.mark.parametrize(("status", "cause"), [(126, "mounted noexec?"), (127, "it is not there")])
def test_a_script_that_cannot_be_run_is_told_with_the_cause(sim: Sim, status: int, cause: str) -> None:
    ran = sim("deploy --version 0.3 -H sim", SimHost(exits=status))
    assert ran.code == 2
    assert f"its start script ended with exit status {status} (" in ran.err
    assert cause in ran.err


def test_a_unit_whose_drop_ins_may_start_another_release_is_not_touched(sim: Sim) -> None:
    host = SimHost(unit="0.3", unpacked={"0.3"}, drop_ins="/etc/systemd/system/osprey.service.d/override.conf")
    host.load("0.3")
    host.start_unit()
    ran = sim("deploy --version 0.4 --stop-first -H sim", host)
    assert (ran.code, [line for line in host.ran if "systemctl" in line]) == (3, [])
    assert "the unit osprey starts 0.3, and has drop-ins that may say so" in ran.err
    assert "override.conf" in ran.err
