"""A container drains: no new request gets in, and what it has begun may finish."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ospreyops.tools.sockets import open_connections
from tests.sim.host import Killed
from tests.sim.short import short
from tests.worlds import Sim, clean, running

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:AD37 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 030011AC:AD37 010011AC:D431 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0
   2: 0100007F:AD37 0100007F:D431 06 00000000:00000000 00:00000000 00000000     0        0 3 1 0
   3: 0100007F:1F43 0100007F:AD37 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0
"""


def test_the_previous_release_may_finish_what_it_computes_and_is_gone_as_soon_as_that_has_ended(sim: Sim) -> None:
    host = running()
    assert host.service
    host.service = replace(host.service, jobs=("sander",))

    def end_after_five_minutes() -> None:
        if host.now > 300:
            host.others = [replace(one, jobs=()) for one in host.others]

    host.on_look = end_after_five_minutes
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == 0, ran.said
    assert "draining osprey/service:0.3: job sander" in ran.out
    assert 300 < host.now < 310
    assert short(host.ran)[-1] == "drain"
    clean(host, "0.4")


def test_what_goes_on_for_longer_than_the_drain_seconds_is_cut_and_said(sim: Sim) -> None:
    host = running()
    host.connections = {"osprey-service-44342": 2}
    ran = sim("deploy --version 0.4 --drain 60 -H sim", host)
    assert ran.code == 0, ran.said
    assert "osprey/service:0.3 has drained for 60 s, and is cut: 2 connections" in ran.out
    assert 60 <= host.now < 70
    clean(host, "0.4")


def test_a_host_that_drains_for_an_hour_is_not_looked_at_every_second(sim: Sim) -> None:
    host = running()
    host.connections = {"osprey-service-44342": 2}
    assert sim("deploy --version 0.4 -H sim", host).code == 0
    assert 3600 <= host.now < 3610
    assert host.looks < 1000


def test_a_deploy_that_was_killed_while_it_drained_is_finished_by_heal_once_nothing_goes_on(sim: Sim) -> None:
    host = running()
    host.connections = {"osprey-service-44342": 1}

    def kill() -> None:
        if host.others and host.others[0].draining_since:
            raise Killed

    host.on_look = kill
    with pytest.raises(Killed):
        sim("deploy --version 0.4 -H sim", host)
    host.on_look = lambda: None
    assert "nothing to do" in sim("heal -H sim", host).out
    assert host.others
    host.now += 4000
    assert sim("heal -H sim", host).code == 0
    clean(host, "0.4")


def test_a_drain_keeps_new_requests_out_waits_and_stops(sim: Sim) -> None:
    host = running()
    host.connections = {"osprey-service": 3}

    def end() -> None:
        if host.now > 100:
            host.connections = {}

    host.on_look = end
    ran = sim("service.drain -H sim", host)
    assert ran.code == 0, ran.said
    assert "draining osprey/service:0.3: 3 connections" in ran.out
    assert (host.containers, host.active_port, host.desired) == ([], 44342, "")
    assert short(host.ran) == ["--to-ports 9", "drain", "--ctstate"]
    assert 100 < host.now < 110


def test_open_connections_are_those_to_the_containers_own_port() -> None:
    assert open_connections(TABLE, 0xAD37) == 1
    assert open_connections(TABLE, 0xAD38) == 0
    assert open_connections("", 0xAD37) is None
