"""A release does not take over when that would cut users off, or on an engine that cannot run it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.delivery.images import PACKERS, classic, configuration, released
from tests.worlds import Sim, deployed, running

OLD: dict[str, tuple[str, ...]] = {"0.3": ("0.3",), "0.4": ("0.4",)}
"""Releases that serve their own protocol version alone."""


def test_a_release_that_would_cut_users_off_is_refused_and_says_whom(sim: Sim) -> None:
    host = running(labels=OLD)
    before = host.service
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == 3
    assert "osprey/service:0.4 serves 0.4, not 0.3" in ran.err
    assert "who uses OSPREY Desktop of protocol 0.3 would be cut off" in ran.err
    assert "--drop-versions 0.3" in ran.err
    assert "still serves, users are not affected" in ran.err
    assert (host.service, host.others, host.active_port) == (before, [], 44342)


@pytest.mark.parametrize("stop_first", ["", "--stop-first "])
def test_it_is_deployed_when_that_is_said(sim: Sim, stop_first: str) -> None:
    host = running(labels=OLD)
    assert sim(f"deploy --version 0.4 {stop_first}-H sim", host).code == 3
    assert sim(f"deploy --version 0.4 --drop-versions 0.2 {stop_first}-H sim", host).code == 3
    assert sim(f"deploy --version 0.4 --drop-versions 0.2,0.3 {stop_first}-H sim", host).code == 0
    assert host.service and host.service.version == "0.4"


def test_a_rollback_that_would_cut_users_off_is_refused_too(sim: Sim) -> None:
    host = deployed(sim, "0.3", "0.4")
    host.labels = OLD
    ran = sim("rollback -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "--drop-versions 0.4" in ran.err
    assert sim("rollback --drop-versions 0.4 -H sim", host).code == 0


def test_a_restart_that_would_cut_users_off_is_refused_too(sim: Sim) -> None:
    host = running(labels={"0.3": ("0.2",)})
    assert sim("service.restart -H sim", host).code == 3
    assert sim("service.restart --drop-versions 0.3 -H sim", host).code == 0


def test_nobody_is_cut_off_where_nobody_is_served(sim: Sim) -> None:
    host = running(labels=OLD)
    host.healthy = lambda container: container.version == "0.4"
    assert sim("deploy --version 0.4 -H sim", host).code == 0


def test_an_image_without_the_label_is_not_judged_by_it(sim: Sim) -> None:
    host = running(labels={"0.4": ()})
    assert sim("deploy --version 0.4 -H sim", host).code == 0


def test_what_is_no_version_is_refused(sim: Sim) -> None:
    ran = sim("deploy --version 0.4 --drop-versions all -H sim", running())
    assert (ran.code, "'all' is not a version" in ran.err) == (1, True)


def test_an_image_for_another_engine_is_never_started(sim: Sim) -> None:
    host = running(images={"osprey/service:0.4": "sha256:04"}, unpacked={"0.4"}, built="arm64")
    before = host.service
    ran = sim("deploy --version 0.4 --stop-first -H sim", host)
    assert (ran.code, host.ran, host.service) == (3, [], before)
    assert "osprey/service:0.4 is built for arm64, and Docker on sim is on amd64" in ran.err


@pytest.mark.parametrize("line", ["deploy --version 0.4", "image.load --version 0.4"])
def test_an_archive_for_another_engine_is_not_even_sent(sim: Sim, tmp_path: Path, line: str) -> None:
    image = PACKERS["bzip2"](classic("osprey/service:0.4", config=configuration("arm64")))
    archive = released(tmp_path / "osprey-service-docker-0.4.tar", image, "0.4")
    host = running()
    ran = sim(f"{line} --from {archive} -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "is built for arm64, and Docker on sim is on amd64" in ran.err


def test_an_archive_that_would_cut_users_off_is_not_even_sent(sim: Sim, tmp_path: Path) -> None:
    image = PACKERS["bzip2"](classic("osprey/service:0.4", config=configuration(versions=["0.4"])))
    archive = released(tmp_path / "osprey-service-docker-0.4.tar", image, "0.4")
    host = running()
    ran = sim(f"deploy --version 0.4 --from {archive} -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "--drop-versions 0.3" in ran.err
