"""A release takes over from another under load, on real parts: no request is lost, no computation cut."""

from __future__ import annotations

import pytest

from tests.lab.hosts import Host, Releases, There
from tests.lab.load import BAD, REFUSED, RUNBOOK, SERVES, Load

BOTH = ("0.4", "0.3")


def served(host: Host, releases: Releases) -> Host:
    """The host, with a healthy 0.3."""
    host.offer(releases("0.3"), "0.3")
    deployed = host.inv("deploy", "--version", "0.3", *host.flags)
    assert deployed.code == 0, deployed.said
    return host


@pytest.fixture
def serving(host: Host, releases: Releases) -> Host:
    """This computer, then the server over SSH, with a healthy 0.3."""
    return served(host, releases)


def load(host: Host) -> Load:
    """50 requests a second, 30 of them over connections of their own, and 20 computations of 5 to 10 s."""
    return Load(host.address, "0.3", rate=50, kept=20, jobs=20, seconds=(5, 10))


@pytest.mark.reliability
def test_a_deploy_a_restart_and_a_rollback_lose_no_request_and_cut_no_computation_as_the_runbooks_way_does(
    serving: Host, releases: Releases, figures: list[str]
) -> None:
    serving.offer(releases("0.4", protocols=BOTH), "0.4")
    with load(serving).going_on() as report:
        for line, version in (
            ("deploy --version 0.4", "0.4"),
            ("service.restart", "0.4"),
            ("rollback --drop-versions 0.4", "0.3"),
        ):
            ran = serving.inv(*line.split(), "--drain", "20", *serving.flags)
            assert ran.code == 0, ran.said
            assert serving.running() == [f"osprey/service:{version}"]
    assert serving.inv("service.stop", *serving.flags, "service.start", "--version", "0.3").code == 0
    with load(serving).going_on() as runbook:
        serving.as_root(RUNBOOK.format(sudo="", folder=serving.folder, version="0.3"))
    figures += [f"{type(serving).__name__}, ospreyops: {report}", f"{type(serving).__name__}, runbook: {runbook}"]
    assert (report.errors, report.cut) == ([], []), str(report)
    assert report.sent > 500 and report.done > 20, str(report)
    assert runbook.errors and len(runbook.cut) >= 20, str(runbook)


@pytest.mark.reliability
def test_no_bad_release_disturbs_the_one_that_serves(there: There, releases: Releases, figures: list[str]) -> None:
    serving = served(there, releases)
    with load(serving).going_on() as report:
        for fault in BAD:
            words = ("deploy", "--version", "0.4", "--health-timeout", "10", "--from", str(releases("0.4", fault)))
            ran = serving.inv(*words, *serving.flags)
            assert ran.code in (2, 3, 5) and (SERVES in ran.said or fault in REFUSED), f"{fault}: {ran.said}"
            assert serving.running() == ["osprey/service:0.3"], fault
            serving.as_root(f"rm -rf {serving.folder}/0.4; docker image rm osprey/service:0.4 || true")
    figures.append(f"There, {len(BAD)} bad releases: {report}")
    assert (report.errors, report.cut) == ([], []), str(report)


def test_traffic_is_switched_only_once_a_release_serves_older_versions_too(there: There, releases: Releases) -> None:
    serving = served(there, releases)
    slow = str(releases("0.4", "slow-older", protocols=BOTH))
    with Load(serving.address, "0.3", rate=20, kept=10, jobs=0, seconds=(0, 0)).going_on() as report:
        ran = serving.inv("deploy", "--version", "0.4", "--from", slow, *serving.flags)
    assert ran.code == 0, ran.said
    assert "/v0.3/about: HTTP 502" in ran.out and report.errors == [], f"{report}\n{ran.said}"


def test_a_drain_lets_all_computations_finish_and_no_new_request_in(there: There, releases: Releases) -> None:
    serving = served(there, releases)
    with Load(serving.address, "0.3", rate=0, kept=0, jobs=5, seconds=(4, 6)).going_on(once=True) as report:
        ran = serving.inv("service.drain", *serving.flags)
        assert ran.code == 0, ran.said
    assert (report.done, report.cut) == (5, [])
    assert serving.running() == []
