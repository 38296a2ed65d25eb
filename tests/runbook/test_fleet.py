"""Several hosts: how many at a time, what becomes of the rest when one fails, and what is told of each."""

from __future__ import annotations

import json
import re
import threading
from itertools import groupby
from typing import Callable

import pytest

from tests.sim.host import SimHost
from tests.worlds import Sim, history, running, unfit

LIMIT = 20
"""Seconds that one host waits for another at most."""


def three() -> list[SimHost]:
    """Three servers where 0.3 runs."""
    return [running(name=name) for name in ("one", "two", "six")]


def table(out: str) -> list[list[str]]:
    """The rows at the end: mark, host, outcome and the rest; without a mark where a host was not begun."""
    return [re.split(r"\s{2,}|(?<=ok) |(?<=FAILED) ", row.strip()) for row in out.splitlines()[-3:]]


def meet(hosts: list[SimHost]) -> threading.Barrier:
    """Have the hosts wait in their first look for each other; it is broken when one waited in vain."""
    barrier = threading.Barrier(len(hosts), timeout=LIMIT)

    def wait(host: SimHost) -> Callable[[], None]:
        def look() -> None:
            host.on_look = lambda: None
            barrier.wait()

        return look

    for host in hosts:
        host.on_look = wait(host)
    return barrier


def test_a_look_asks_all_hosts_at_once(sim: Sim) -> None:
    hosts = three()
    barrier = meet(hosts)
    assert sim("status -H one,two,six", *hosts).code == 0
    assert not barrier.broken


def test_a_host_that_answers_slowly_keeps_no_place_of_another(sim: Sim) -> None:
    slow, two, six = three()
    last = threading.Event()
    slow.on_look, six.on_look = lambda: assert_set(last), last.set
    assert sim("status --serial 2 -H one,two,six", slow, two, six).code == 0


def assert_set(event: threading.Event) -> None:
    """Wait for what must happen."""
    assert event.wait(20)


def order(hosts: list[SimHost]) -> list[str]:
    """The names of the hosts, as their lines run."""
    found: list[str] = []

    def note(host: SimHost) -> Callable[[str], None]:
        return lambda line: found.append(host.name)

    for host in hosts:
        host.before_run = note(host)
    return found


def test_a_change_goes_host_by_host_in_the_order_that_was_typed(sim: Sim) -> None:
    hosts = three()
    ran = order(hosts)
    assert sim("deploy --version 0.4 -H six,one,two", *hosts).code == 0
    assert list(dict.fromkeys(ran)) == ["six", "one", "two"]
    assert ran == sorted(ran, key=["six", "one", "two"].index)


def test_a_change_stops_at_the_first_host_that_is_not_healthy_and_names_those_not_begun(sim: Sim) -> None:
    one, two, six = three()
    one.healthy = unfit
    ran = sim("deploy --version 0.4 -H one,two,six", one, two, six)
    assert ran.code == 2
    assert (two.looks, six.looks, one.service and one.service.version) == (0, 0, "0.3")
    rows = table(ran.out)
    assert rows[0][:3] == ["FAILED", "one", "unhealthy"]
    assert [row[:2] for row in rows[1:]] == [["two", "not begun"], ["six", "not begun"]]
    assert rows[1][-1] == "one failed (--keep-going goes on)"


def test_with_keep_going_the_others_are_changed_though_one_failed(sim: Sim) -> None:
    one, two, six = three()
    one.reachable = False
    ran = sim("deploy --version 0.4 --keep-going -H one,two,six", one, two, six)
    assert ran.code == 4
    assert [host.service and host.service.version for host in (two, six)] == ["0.4", "0.4"]
    assert [row[:3] for row in table(ran.out)] == [
        *(["FAILED", "one", "unreachable"], ["ok", "two", "ok"], ["ok", "six", "ok"]),
    ]


def test_a_look_goes_on_though_a_host_failed_and_a_slower_pace_was_asked_for(sim: Sim) -> None:
    one, two, six = three()
    one.reachable = False
    ran = sim("status --serial 1 -H one,two,six", one, two, six)
    assert (ran.code, two.looks > 0, six.looks > 0) == (4, True, True)


def test_serial_says_how_many_hosts_are_changed_at_a_time(sim: Sim) -> None:
    one, two, six = three()
    barrier, one.healthy = meet([one, two]), unfit
    ran = sim("deploy --version 0.4 --serial 2 -H one,two,six", one, two, six)
    assert not barrier.broken
    assert (ran.code, two.service and two.service.version, six.looks) == (2, "0.4", 0)


@pytest.mark.parametrize("serial", ["0", "many", "-1"])
def test_a_pace_that_is_no_number_is_refused_before_anything_is_asked(sim: Sim, serial: str) -> None:
    hosts = three()
    ran = sim(f"status --serial {serial} -H one,two,six", *hosts)
    assert (ran.code, [host.looks for host in hosts]) == (1, [0, 0, 0])
    assert "is not a whole number" in ran.err


def test_the_table_has_each_hosts_time_and_is_not_among_json(sim: Sim) -> None:
    hosts = three()
    rows = table(sim("image.load --version 0.4 -H one,two,six", *hosts).out)
    assert all(re.fullmatch(r"\d+\.\d s", row[3]) for row in rows)
    out = sim("status --json -H one,two,six", *hosts).out
    assert sorted(json.loads(line)["host"] for line in out.splitlines()) == ["one", "six", "two"]


def interrupt(host: SimHost) -> None:
    """Have somebody press Ctrl-C once that host runs its next line."""
    import _thread

    def press(_: str) -> None:
        host.before_run = lambda line: None
        _thread.interrupt_main()

    host.before_run = press


def test_ctrl_c_names_the_state_of_every_host_those_not_begun_too(sim: Sim) -> None:
    one, two, six = three()
    interrupt(two)
    ran = sim("image.load --version 0.4 -H one,two,six", one, two, six)
    assert (ran.code, six.looks) == (130, 0)
    told = ran.err.partition("interrupted; current state:")[2].splitlines()
    assert told[1].startswith("  | one: 2 steps done")
    assert told[2].startswith("  | two: osprey/service:0.3 runs, healthy")
    assert told[3] == "  | six: not begun"
    assert told[4] == "  try: run the same command again to resume"


def test_a_chain_goes_task_by_task_and_ends_where_a_host_failed(sim: Sim) -> None:
    hosts = three()
    ran = order(hosts)
    assert sim("image.load --version 0.4 -H one,two,six service.stop", *hosts).code == 0
    assert [name for name, _ in groupby(ran)] == ["one", "two", "six"] * 2
    assert [entry["task"] for entry in history(hosts[0])] == ["image.load --version 0.4", "service.stop"]
    hosts = three()
    hosts[0].reachable = False
    assert sim("image.load --version 0.4 --keep-going -H one,two,six service.stop", *hosts).code == 4
    assert [host.service is not None for host in hosts[1:]] == [True, True]
