"""A release number proves nothing: an image is known by its digest, and a container by its id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.delivery.images import PACKERS, classic, configuration, digest, released
from tests.sim.host import SimHost
from tests.sim.short import short
from tests.worlds import Sim, deployed, running

OTHER = f"sha256:{'cd' * 32}"
"""The digest of an image that somebody rebuilt."""
ROLLED_OUT = ["tar -xof", "docker load", "docker rename", "osprey-service --version 0.3", "--to-ports 24343", "drain"]


def here(**state: Any) -> SimHost:
    """This computer, where 0.3 serves."""
    return running(name="localhost", **state)


def rebuilt(tmp_path: Path, host: SimHost, in_docker: str = "") -> Path:
    """An archive of 0.3 with another image; in_docker: its digest there, if not the one that the archive tells."""
    config = configuration(created="again")
    host.rebuilt["0.3"] = in_docker or f"sha256:{digest(config)}"
    image = PACKERS["bzip2"](classic("osprey/service:0.3", config=config))
    return released(tmp_path / "osprey-service-docker-0.3.tar", image)


@pytest.mark.parametrize("in_docker", ["", OTHER], ids=["classic store", "containerd store"])
def test_a_rebuilt_archive_of_the_version_that_runs_is_rolled_out_once(
    sim: Sim, tmp_path: Path, in_docker: str
) -> None:
    host = here()
    archive = rebuilt(tmp_path, host, in_docker)
    ran = sim(f"deploy --version 0.3 --from {archive}", host)
    assert ran.code == 0, ran.said
    assert short(host.ran) == ROLLED_OUT
    assert host.service and host.service.digest == host.rebuilt["0.3"] == host.digest
    host.ran.clear()
    again = sim(f"deploy --version 0.3 --from {archive}", host)
    assert (again.code, host.ran) == (0, [])
    assert f"nothing to do: osprey/service:0.3 ({host.digest[:19]}) is healthy" in again.out


def test_a_dry_run_shows_that_a_rebuilt_archive_would_be_rolled_out(sim: Sim, tmp_path: Path) -> None:
    host = here()
    ran = sim(f"--dry deploy --version 0.3 --from {rebuilt(tmp_path, host)}", host)
    assert (ran.code, host.ran) == (0, [])
    lines = [line for line in ran.out.splitlines() if not line.startswith(("#", "ok "))]
    assert short(lines) == ROLLED_OUT
    assert "osprey/service:0.3 in Docker is another image than that of osprey-service-docker-0.3.tar" in ran.out


def test_image_load_loads_a_rebuilt_archive_too(sim: Sim, tmp_path: Path) -> None:
    host = here()
    archive = rebuilt(tmp_path, host)
    assert short(host.ran) == []
    assert sim(f"image.load --version 0.3 --from {archive}", host).code == 0
    assert short(host.ran) == ["tar -xof", "docker load"]
    assert host.images["osprey/service:0.3"] == host.rebuilt["0.3"]
    assert "nothing to do" in sim(f"image.load --version 0.3 --from {archive}", host).out


def test_a_rebuilt_archive_that_fails_leaves_the_container_that_ran_and_its_images_name(
    sim: Sim, tmp_path: Path
) -> None:
    host = here()
    before, image = host.service, host.images["osprey/service:0.3"]
    host.healthy = lambda container: container.digest == image
    ran = sim(f"deploy --version 0.3 --from {rebuilt(tmp_path, host)}", host)
    assert ran.code == 2
    assert "service: osprey/service:0.3 still serves, users are not affected" in ran.err
    assert (host.service, host.others, host.active_port) == (before, [], 44342)
    assert host.images["osprey/service:0.3"] == image


def test_a_failed_deploy_keeps_the_container_that_ran_though_its_images_name_was_moved(sim: Sim) -> None:
    host = running()
    before = host.service
    host.images["osprey/service:0.3"] = OTHER
    host.healthy = lambda container: container.version != "0.4"
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == 2
    assert "service: osprey/service:0.3 still serves, users are not affected" in ran.err
    assert (host.service, host.others, host.active_port) == (before, [], 44342)
    assert host.images["osprey/service:0.3"] == OTHER
    shown = sim("status -H sim", host)
    assert (shown.code, "port 44342" in shown.out) == (0, True), shown.said
    assert "nothing to do" in sim("heal -H sim", host).out
    assert host.service == before


def test_a_failed_deploy_that_stopped_first_brings_back_the_image_that_ran(sim: Sim) -> None:
    host = running()
    assert host.service
    image = host.service.digest
    host.images["osprey/service:0.3"] = OTHER
    host.healthy = lambda container: container.digest == image
    ran = sim("deploy --version 0.4 --stop-first -H sim", host)
    assert ran.code == 2
    assert "service: osprey/service:0.3 runs again" in ran.err
    assert host.service.digest == image == host.images["osprey/service:0.3"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    named=st.sampled_from([None, "", OTHER]),
    recorded=st.sampled_from(["", f"sha256:{'03' * 32}", OTHER]),
    port=st.sampled_from([44342, 24343]),
    line=st.sampled_from(["heal", "fix.service", "service.start --version 0.3"]),
)
def test_nothing_that_heals_touches_a_healthy_container_wherever_its_images_name_went(
    sim: Sim, named: str, recorded: str, port: int, line: str
) -> None:
    host = SimHost()
    host.load("0.3")
    host.unpacked.add("0.3")
    host.start("0.3", str(port))
    host.active_port = port
    host.record("0.3", recorded)
    before = host.service
    if named is None:
        del host.images["osprey/service:0.3"]
    elif named:
        host.images["osprey/service:0.3"] = named
    ran = sim(f"{line} -H sim", host)
    assert ran.code == 0, ran.said
    assert (host.service, host.others) == (before, [])
    assert not [line for line in host.ran if "docker" in line and "/.ospreyops/" not in line]


def test_a_rollback_refuses_an_image_that_was_never_healthy_and_says_what_to_do(sim: Sim) -> None:
    host = deployed(sim, "0.3", "0.4")
    proven = host.images["osprey/service:0.3"]
    host.images["osprey/service:0.3"] = OTHER
    ran = sim("rollback -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert f"osprey/service:0.3 in Docker is {OTHER[:19]}, not {proven[:19]}, which was healthy here" in ran.err
    assert "inv deploy 0.3" in ran.err and f"docker image tag {proven} osprey/service:0.3" in ran.err
    host.images["osprey/service:0.3"] = proven
    assert sim("rollback -H sim", host).code == 0


def test_a_rollback_to_an_image_that_is_loaded_anew_wants_the_proven_one_too(sim: Sim) -> None:
    host = deployed(sim, "0.3", "0.4")
    host.forget("osprey/service:0.3")
    host.rebuilt["0.3"] = OTHER
    before = host.service
    ran = sim("rollback -H sim", host)
    assert ran.code == 3
    assert "which was healthy here" in ran.err
    assert (host.service, host.others) == (before, [])


def test_a_rollback_on_a_host_that_an_older_version_kept_still_works(sim: Sim) -> None:
    host = deployed(sim, "0.3", "0.4")
    host.proven, host.digest = ["0.3", "0.4"], ""
    assert sim("rollback -H sim", host).code == 0
    assert host.service and host.service.version == "0.3"


def test_a_restart_does_not_start_another_image_under_the_same_name(sim: Sim) -> None:
    host = running()
    host.images["osprey/service:0.3"] = OTHER
    before = host.service
    ran = sim("service.restart -H sim", host)
    assert (ran.code, host.ran, host.service) == (3, [], before)
    assert "which was healthy here" in ran.err


def test_what_is_told_of_the_service_is_told_of_its_own_image(sim: Sim) -> None:
    host = running()
    assert host.service
    host.images["osprey/service:0.3"] = OTHER
    assert (
        f"osprey/service:0.3 ({host.service.digest[:19]}) is healthy"
        in sim("service.start --version 0.3 -H sim", host).out
    )
