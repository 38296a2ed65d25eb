"""A release's image: loaded whole, once, and only where it is needed."""

from __future__ import annotations

import pytest

from tests.sim.host import Killed, SimHost
from tests.sim.short import short
from tests.worlds import Sim, deployed, kill_at, running, spare


@pytest.mark.parametrize("images", [{}, {"osprey/service:0.3": "sha256:half"}], ids=["not_there", "there"])
def test_an_image_whose_load_did_not_end_is_loaded_once_more_from_the_start(sim: Sim, images: dict[str, str]) -> None:
    host = SimHost(loading={"0.3"}, unpacked={"0.3"}, images=images)
    assert sim("image.load --version 0.3 -H sim", host).code == 0
    mark, *lines, record, unmark = host.ran
    assert ": >loading-0.3" in mark and record.endswith("/loaded") and unmark.endswith("/loading-0.3")
    assert lines == [lines[0], "docker image rm osprey/service:0.3", lines[0]] and "docker load" in lines[0]
    assert not host.loading


def test_a_load_that_is_killed_is_remembered_and_one_that_ends_is_not(sim: Sim) -> None:
    host = SimHost()
    kill_at(host, "docker load")
    with pytest.raises(Killed):
        sim("image.load --version 0.3 -H sim", host)
    assert host.loading == {"0.3"}
    spare(host)
    assert sim("image.load --version 0.3 -H sim", host).code == 0
    assert not host.loading


def test_an_image_that_is_in_use_is_not_loaded_again(sim: Sim) -> None:
    assert sim("deploy --version 0.3 -H sim", running(loading={"0.3"})).out.startswith("ok nothing to do")


def test_a_failed_load_leaves_the_running_service_alone(sim: Sim) -> None:
    host = running(fails="docker load")
    assert sim("deploy --version 0.4 -H sim", host).code == 5
    assert short(host.ran) == ["tar -xof", "docker load"]
    assert host.service and host.service.running


def test_a_release_that_is_nowhere_tells_where_it_was_looked_for_and_which_there_are(sim: Sim) -> None:
    ran = sim("image.load --version 0.7 -H sim", SimHost())
    assert ran.code == 3
    for word in ("0.7", "/home/ops/osprey/service-docker", "osprey-service-docker-0.7.tar", "there are: 0.3, 0.4"):
        assert word in ran.err


def test_a_mistyped_release_is_told_with_those_that_are_only_in_docker_too(sim: Sim) -> None:
    ran = sim("deploy --version 0.33 -H sim", running(archives={"0.4"}))
    assert "did you mean 0.3?" in ran.err
    assert "there are: 0.3, 0.4" in ran.err


def test_an_image_that_was_loaded_anew_under_the_same_name_is_deployed(sim: Sim) -> None:
    host = running()
    host.images["osprey/service:0.3"] = "sha256:0e"
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    assert short(host.ran) == ["docker rename", "osprey-service --version 0.3", "--to-ports 24343", "drain"]


def test_an_image_whose_release_is_gone_is_started_by_the_script_of_another(sim: Sim) -> None:
    host = SimHost(unpacked={"0.4"}, archives=set())
    host.load("0.3")
    assert sim("service.start --version 0.3 -H sim", host).code == 0
    assert host.service and host.service.image == "osprey/service:0.3"


def test_what_runs_and_the_rollback_target_are_never_pruned(sim: Sim) -> None:
    host = deployed(sim, "0.1", "0.4", "0.2", "0.3", "0.2")
    ran = sim("image.prune --keep 1 -H sim", host)
    assert ran.code == 0, ran.said
    assert sorted(host.images) == ["osprey/service:0.2", "osprey/service:0.3"]
    assert host.unpacked == {"0.2", "0.3"}
    assert "nothing to do" in sim("image.prune --keep 1 -H sim", host).out
    assert sim("rollback -H sim", host).code == 0


def test_as_many_releases_stay_as_one_wants(sim: Sim) -> None:
    host = deployed(sim, "0.1", "0.2", "0.3", "0.4")
    assert sim("image.prune --keep 3 -H sim", host).code == 0
    assert sorted(host.images) == ["osprey/service:0.2", "osprey/service:0.3", "osprey/service:0.4"]
