"""What a login session leaves running: it goes on after that session, or nothing is begun."""

from __future__ import annotations

import pytest

from tests.sim.host import SimHost
from tests.sim.sessions import SimSessions
from tests.worlds import Sim, running, serving

CASE = "what a login session of ops leaves running on sim ends with that session"
STARTING = ("deploy --version 0.4", "deploy --version 0.4 --stop-first", "service.restart --stop-first")


@pytest.mark.parametrize("line", STARTING)
@pytest.mark.parametrize("late", [False, True], ids=["", "and the next session ends with it"])
def test_where_nothing_outlives_a_login_session_that_is_said_before_anything_is_stopped(
    sim: Sim, line: str, *, late: bool
) -> None:
    host = running(sessions=SimSessions(ends="logind", late=late))
    ran = sim(f"{line} -H sim", host)
    assert ran.code == 3
    assert f"{CASE}: logind has KillUserProcesses=yes" in ran.err
    assert "try: sudo sh -c " in ran.err and "KillUserProcesses=no" in ran.err
    assert host.ran == [] and not host.sessions.kept


def test_whoever_else_ends_what_a_session_leaves_is_to_spare_the_user(sim: Sim) -> None:
    host = running(sessions=SimSessions(ends="pam_exec"))
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == 3
    assert f"{CASE}\n" in ran.err and "have that spare ops" in ran.err
    assert host.ran == []


def test_a_process_of_roots_is_taken_out_of_the_session_and_so_goes_on(sim: Sim) -> None:
    host = running(sudo=True, sessions=SimSessions(ends="logind"))
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == 0, ran.said
    assert [line for line in host.ran if "nohup systemd-run --scope setsid sh -c " in line]


def test_the_service_is_started_in_a_session_that_ends_before_the_next_look(sim: Sim) -> None:
    host = running()
    seen: list[tuple[int, str]] = []
    host.before_run = lambda line: seen.append((host.sessions.number, "start" if "nohup" in line else "line"))
    host.on_look = lambda: seen.append((host.sessions.number, "look"))
    assert sim("deploy --version 0.4 -H sim", host).code == 0
    began = next(at for at, (_, what) in enumerate(seen) if what == "start")
    session = seen[began][0]
    assert session not in {number for number, _ in seen[:began]}
    assert seen[began + 1] == (session + 1, "look")
    assert session not in {number for number, _ in seen[began + 1 :]}
    assert not host.sessions.kept


def test_a_rootless_docker_that_ends_with_the_last_session_is_said_before_anything_is_stopped(sim: Sim) -> None:
    host = running(sessions=SimSessions(rootless=True))
    ran = sim("deploy --version 0.4 --stop-first -H sim", host)
    assert ran.code == 3
    assert "try: sudo loginctl enable-linger ops, on sim" in ran.err
    assert host.ran == []


@pytest.mark.parametrize("line", ["status", "service.stop --yes", "image.load --version 0.4"])
def test_nothing_is_tried_where_nothing_is_to_be_started(sim: Sim, line: str) -> None:
    host = running(sessions=SimSessions(ends="logind"))
    assert sim(f"{line} -H sim", host).code == 0
    assert host.sessions.number == 1


def test_what_a_unit_of_systemd_starts_needs_no_session(sim: Sim) -> None:
    host = SimHost(unit="0.3", sessions=SimSessions(ends="logind"))
    host.load("0.3")
    host.unpacked.add("0.3")
    ran = sim("service.start --version 0.3 -H sim", host)
    assert ran.code == 0, ran.said
    assert host.sessions.number == 1


def test_a_vm_is_not_stopped_where_it_could_not_be_started_again(sim: Sim) -> None:
    mac = serving(sessions=SimSessions(ends="launchd"))
    ran = sim("machine.restart -H sim", mac)
    assert ran.code == 3 and "leaves running on" in ran.err
    assert mac.vm == "running"
