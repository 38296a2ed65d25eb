"""The whole tool on simulated hosts: what is decided, and in which order."""

from __future__ import annotations

import re
from dataclasses import replace

from tests.sim.host import Killed, SimHost
from tests.sim.short import short
from tests.worlds import Sim, running, shown

START = "osprey-service --version 0.3"


def test_a_cold_host_is_brought_all_the_way_up(sim: Sim) -> None:
    host = SimHost()
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    assert short(host.ran) == ["tar -xof", "docker load", "mv -f", START]
    assert host.service and host.service.image == "osprey/service:0.3"


def test_a_second_deploy_does_nothing_takes_one_look_and_says_so(sim: Sim) -> None:
    host = running()
    ran = sim("deploy --version 0.3 -H sim", host)
    assert (ran.code, host.ran, host.looks) == (0, [], 1)
    assert "nothing to do" in ran.out


UPGRADE = ["tar -xof", "docker load", "docker rename", START.replace("3", "4"), "--to-ports 24343", "drain"]


def test_an_upgrade_drains_the_previous_release_last_when_the_new_one_serves(sim: Sim) -> None:
    host = running()
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == 0, ran.said
    assert short(host.ran) == UPGRADE


def test_a_dry_run_shows_every_line_and_does_none(sim: Sim) -> None:
    host = running()
    ran = sim("--dry deploy --version 0.4 -H sim", host)
    assert (ran.code, host.ran) == (0, [])
    assert short(shown(ran.out.splitlines())) == UPGRADE
    assert "nothing was done" in ran.out


def test_stopped_first_the_previous_release_makes_room_and_the_downtime_is_said(sim: Sim) -> None:
    host = running()
    ran = sim("deploy --version 0.4 --stop-first -H sim", host)
    assert short(host.ran) == ["tar -xof", "docker load", "docker stop", "mv -f", "osprey-service --version 0.4"]
    assert re.search(r"downtime: [0-9.]+ s", ran.out), ran.said


def test_a_release_that_never_gets_healthy_fails_with_what_was_seen_and_the_previous_one_still_serves(sim: Sim) -> None:
    host = running()
    before = host.service
    host.healthy = lambda container: container.version == "0.3"
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == 2
    assert "/v0.4/about: no answer in time" in ran.err
    assert "the last log line" in ran.err
    assert (host.service, host.others, host.active_port) == (before, [], 44342)
    assert "service: osprey/service:0.3 still serves, users are not affected" in ran.err


def test_a_release_that_never_gets_healthy_and_was_stopped_for_makes_place_for_the_previous_one(sim: Sim) -> None:
    host = running()
    host.healthy = lambda container: container.version == "0.3"
    ran = sim("deploy --version 0.4 --stop-first -H sim", host)
    assert ran.code == 2
    assert host.service and host.service.image == "osprey/service:0.3"
    assert "service: osprey/service:0.3 runs again" in ran.err


def test_a_start_script_that_ends_at_once_is_not_waited_for(sim: Sim) -> None:
    host = SimHost(exits=125)
    ran = sim("deploy --version 0.3 -H sim", host)
    assert ran.code == 2
    assert "its start script ended with exit status 125" in ran.err
    assert host.now < 10


def test_a_step_that_fails_says_what_was_completed_before_it(sim: Sim) -> None:
    host = SimHost(fails="docker load")
    ran = sim("deploy --version 0.3 -H sim", host)
    assert ran.code == 5
    assert "completed: release 0.3 is unpacked" in ran.err
    assert "try:" in ran.err


def test_a_port_that_is_taken_is_said_before_anything_is_stopped_or_started(sim: Sim) -> None:
    host = SimHost(listener="nginx")
    ran = sim("deploy --version 0.3 -H sim", host)
    assert ran.code == 3
    assert "port 44342 of sim is taken by nginx (pid 7)" in ran.err
    assert host.ran == []


def test_a_stopped_container_that_holds_the_name_is_removed_first(sim: Sim) -> None:
    host = running()
    assert host.service
    host.service, host.listener = replace(host.service, state="exited"), ""
    assert sim("service.start --version 0.3 -H sim", host).code == 0
    assert short(host.ran) == ["docker rm", "mv -f", START]


def test_service_start_does_not_replace_another_version(sim: Sim) -> None:
    host = running("0.4")
    host.load("0.3")
    ran = sim("service.start --version 0.3 -H sim", host)
    assert (ran.code, host.ran) == (3, [])
    assert "osprey/service:0.4 runs on sim" in ran.err


def test_a_deploy_killed_at_any_step_is_finished_by_running_it_again(sim: Sim) -> None:
    steps = 0
    while True:
        host = running()
        left = [steps]

        def kill(line: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Killed

        host.before_run = kill
        try:
            killed = sim("deploy --version 0.4 -H sim", host).code != 0
        except Killed:
            killed = True
        host.before_run = lambda line: None
        assert sim("deploy --version 0.4 -H sim", host).code == 0
        assert host.service and host.service.image == "osprey/service:0.4"
        if not killed:
            break
        steps += 1
    assert steps == len(host.ran)


def test_a_log_that_fills_the_disk_is_rotated_while_the_service_runs(sim: Sim) -> None:
    host = running(log_size=60_000_000)
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    assert len(host.ran) == 1 and "osprey-service.log.1.gz && : >" in host.ran[0]
    assert host.service


def test_a_log_for_which_there_is_no_room_keeps_no_healthy_service_from_being_deployed(sim: Sim) -> None:
    host = running(log_size=60_000_000, folder_free=21_000_000)
    ran = sim("deploy --version 0.3 -H sim", host)
    assert (ran.code, host.ran) == (0, []), ran.said
    assert "nothing to do" in ran.out
