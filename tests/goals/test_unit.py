"""A host whose systemd keeps the service: its unit alone starts and stops it."""

from __future__ import annotations

import pytest

from ospreyops import lines
from ospreyops.errors import Blocked
from ospreyops.goals.image import prepared
from ospreyops.goals.rollout import Plan, Rollout
from ospreyops.release import Release
from tests.sim.host import SimHost
from tests.sim.seen import seen
from tests.sim.short import short
from tests.worlds import Sim, running


def test_a_host_with_a_unit_is_started_and_stopped_through_it_alone(sim: Sim) -> None:
    host = SimHost(unit="0.3", unpacked={"0.3"})
    host.load("0.3")
    assert sim("service.start --version 0.3 -H sim service.stop", host).code == 0
    lines = [line for line in host.ran if "/.ospreyops/" not in line]
    assert lines == ["sudo systemctl start osprey", "sudo systemctl stop osprey"]


def test_deploy_moves_the_unit_to_the_new_version(sim: Sim) -> None:
    host = SimHost(unit="0.3", unpacked={"0.3"})
    host.load("0.3")
    host.start_unit()
    ran = sim("deploy --version 0.4 -H sim", host)
    assert (ran.code, short(host.ran)) == (3, [])
    assert "the unit osprey keeps one container alone" in ran.err
    assert sim("deploy --version 0.4 --stop-first -H sim", host).code == 0
    assert short(host.ran) == ["tar -xof", "docker load", "systemctl stop", "sed", "systemctl start"]
    assert (host.unit, host.unit_state) == ("0.4", "active")


def test_a_container_started_alongside_its_unit_is_handed_to_the_unit(sim: Sim) -> None:
    host = running(unit="0.3")
    assert sim("deploy --version 0.3 --stop-first -H sim", host).code == 0
    assert short(host.ran) == ["docker stop", "systemctl start"]


def test_a_unit_that_fights_a_container_started_by_hand_wins_in_order(sim: Sim) -> None:
    host = running(unit="0.3", unit_state="activating")
    assert sim("deploy --version 0.3 --stop-first -H sim", host).code == 0
    assert short(host.ran)[-1] == "systemctl start"
    assert (host.unit_state, bool(host.service)) == ("active", True)


@pytest.mark.parametrize("sign", [" ", "%", "'", "\\"])
def test_a_folder_that_the_unit_cannot_start_from_is_refused_before_anything_is_changed(sign: str) -> None:
    facts, target = seen(running(unit="0.3"), folder=f"/srv/a{sign}b", unpacked={})
    with pytest.raises(Blocked, match=r"^the systemd unit osprey cannot start from .*: it cannot have ") as refused:
        next(prepared(Plan(facts, target, Rollout(Release("0.4"))), starting=True))
    assert refused.value.case.endswith(repr(sign))


def test_a_unit_can_start_from_a_folder_with_umlauts() -> None:
    facts, _ = seen(running(unit="0.3"))
    assert "WorkingDirectory=/srv/é-ü_1.0/0.4" in lines.move_unit(facts, Release("0.4"), "/srv/é-ü_1.0/0.4").line
