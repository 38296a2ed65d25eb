"""The whole tool on simulated hosts: what is decided, and in which order."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

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
    assert "service: osprey/service:0.3 serves again" in ran.err


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


@pytest.mark.parametrize("images", [{}, {"osprey/service:0.3": "sha256:half"}], ids=["not_there", "there"])
def test_an_image_whose_load_did_not_end_is_loaded_once_more_from_the_start(sim: Sim, images: dict[str, str]) -> None:
    host = SimHost(loading={"0.3"}, unpacked={"0.3"}, images=images)
    assert sim("image.load --version 0.3 -H sim", host).code == 0
    mark, *lines, unmark = host.ran
    assert ": >loading-0.3" in mark and unmark.endswith("/loading-0.3")
    assert lines == [lines[0], "docker image rm osprey/service:0.3", lines[0]] and "docker load" in lines[0]
    assert not host.loading


def test_a_load_that_is_killed_is_remembered_and_one_that_ends_is_not(sim: Sim) -> None:
    def killed(line: str) -> None:
        if "docker load" in line:
            raise Killed

    host = SimHost(before_run=killed)
    with pytest.raises(Killed):
        sim("image.load --version 0.3 -H sim", host)
    assert host.loading == {"0.3"}
    host.before_run = lambda line: None
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


def test_an_image_that_was_loaded_anew_under_the_same_name_is_deployed(sim: Sim) -> None:
    host = running()
    host.images["osprey/service:0.3"] = "sha256:other"
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    assert short(host.ran) == ["docker rename", START, "--to-ports 24343", "drain"]


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


def test_a_chain_continues_on_the_host_of_the_task_before_and_says_so(sim: Sim) -> None:
    host, here = SimHost(), SimHost(name="localhost")
    ran = sim("image.load --version 0.3 -H sim service.start --version 0.3 status", host, here)
    assert ran.code == 0
    assert (here.ran, here.looks) == ([], 0)
    assert "service.start: on sim, as the task before" in ran.out


def test_a_task_named_twice_in_a_chain_runs_twice(sim: Sim) -> None:
    host = SimHost(name="localhost")
    ran = sim("service.stop deploy --version 0.3 service.stop", host)
    assert ran.code == 0
    assert ran.out.count("no service runs") == 2


def test_one_failing_host_does_not_stop_the_others(sim: Sim) -> None:
    good, bad = SimHost(name="one"), SimHost(name="two", reachable=False)
    ran = sim("deploy --version 0.3 -H one,two", good, bad)
    assert ran.code == 4
    assert good.service
    assert all(line.startswith(("one ", "✓", "✗", "ok", "FAILED")) for line in ran.out.splitlines())
    assert "two cannot be reached" in ran.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("host", "code"),
    [
        (running(), 0),
        (SimHost(), 2),
        (running(healthy=lambda container: False), 2),
        (SimHost(engine_why="permission denied"), 3),
        (SimHost(reachable=False), 4),
    ],
)
def test_the_exit_status_tells_healthy_unhealthy_blocked_and_unreachable(sim: Sim, host: SimHost, code: int) -> None:
    assert sim("status -H sim", host).code == code


@pytest.mark.parametrize("version", ["status", "../0.3", "0.3;true", "v0.3", "0", "1.2.3.4"])
def test_what_is_no_version_is_refused_before_anything_is_asked(sim: Sim, version: str) -> None:
    host = SimHost()
    ran = sim(f"deploy --version {version} -H sim", host)
    assert (ran.code, host.looks) == (1, 0)
    assert "is not a version" in ran.err


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
    assert len(host.ran) == 1 and "osprey-service.log.1 && : >" in host.ran[0]
    assert host.service


def test_json_of_several_hosts_is_json_lines_and_nothing_else(sim: Sim) -> None:
    ran = sim("status --json -H one,two", running(name="one"), SimHost(name="two"))
    assert ran.code == 2
    assert {json.loads(line)["host"] for line in ran.out.splitlines()} == {"one", "two"}


def test_an_image_whose_release_is_gone_is_started_by_the_script_of_another(sim: Sim) -> None:
    host = SimHost(unpacked={"0.4"}, archives=set())
    host.load("0.3")
    assert sim("service.start --version 0.3 -H sim", host).code == 0
    assert host.service and host.service.image == "osprey/service:0.3"
