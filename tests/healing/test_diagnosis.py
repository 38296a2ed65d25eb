"""What the doctor advises, followed to the letter and repeatedly, ends: healthy, or at what only a person can do."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from contextlib import redirect_stdout
from typing import Any, Optional

import pytest

from ospreyops.console import Console, Screen
from ospreyops.healing.diagnosis import Diagnosis, diagnose
from tests.conftest import simulate
from tests.sim.host import SimHost
from tests.sim.mac import SimMac
from tests.sim.site import sim_site
from tests.worlds import FAULTS, RULE, Sim, hung_java, running, serving, with_fault

STEPS = 10
STATES = 1000
MAC: dict[str, tuple[Any, ...]] = {
    "vm": ("running", "running", "paused", "saved", "poweroff", "aborted", "gurumeditation", ""),
    "hung": (False, False, False, True),
    "by_sleep": (False, True),
    "clock_behind": (0, 4, 90, -90, 1e8),
    "tls": (
        *("", "", "remote error: tls: bad certificate", "x509: certificate is valid for A, not B"),
        *("x509: certificate has expired or is not yet valid", "timeout", "docker: not found"),
    ),
    "store": ("", "", "", "there\n12\tdisk.vmdk\n"),
    "rules": ([], [RULE], ["x,tcp,,44342,,1"], [RULE, "x,tcp,,44342,,1"]),
    "taken": ("", "", "", "nc 99"),
    "disk_free": (10**11, 10**11, 1_000),
    "calls": ("", "  5   5 02:00 docker-machine ls\n", "  9   9 02:00 VBoxSVC --auto-shutdown\n"),
}
HOST: dict[str, tuple[Any, ...]] = {
    "desired": ("", "0.3", "0.3", "0.4"),
    "garbled": ("", "", "", "{"),
    "damaged": ({}, {}, {"healthy": "it is empty"}, {"history.jsonl": "it is not a file"}),
    "proven": ([], ["0.3"], ["0.3", "0.4"], ["0.3", "0.5"]),
    "images": ((), ("0.3",), ("0.3", "0.4")),
    "unpacked": ((), ("0.3",), ("0.4",)),
    "archives": ((), ("0.3", "0.4")),
    "runs": ("", "", "0.3", "0.4"),
    "paused": (False, False, False, True),
    "jobs": ((), ("sander",)),
    "listener": ("", "", "", "nginx"),
    "engine_why": ("", "", "", "dial unix /var/run/docker.sock: connect: connection refused", "permission denied"),
    "loading": ((), (), ("0.3",)),
    "log_size": (20, 60_000_000),
    "pmset": ("", "", " sleep 1\n"),
    "exits": (None, None, None, 125),
    "sick": ("", "", "0.3", "0.4"),
    "active_port": (44342, 44342, 44342, None, 24345),
    "memory_free": (10**10, 10**9),
}


def built(draw: random.Random) -> SimHost:
    """A host in any state."""
    chosen = {name: draw.choice(values) for name, values in HOST.items()}
    mac = draw.random() < 0.7
    host: SimHost = SimMac(**{name: draw.choice(values) for name, values in MAC.items()}) if mac else SimHost()
    runs, paused, jobs, sick = (chosen.pop(name) for name in ("runs", "paused", "jobs", "sick"))
    for version in chosen.pop("images"):
        host.load(version)
    exits = chosen.pop("exits")
    if runs and getattr(host, "vm", "running") == "running":
        host.load(runs)
        host.start(runs)
        service = host.service
        assert service
        host.service = type(service)(
            **{**vars(service), "jobs": jobs, "state": "paused" if paused else "running"},
        )
    listener = chosen.pop("listener")
    host.listener = host.listener or ("" if mac else listener)
    if not mac:
        chosen["pmset"] = ""
    for name, value in chosen.items():
        setattr(host, name, set(value) if name in ("unpacked", "archives", "loading") else value)
    host.proven, host.damaged, host.exits = list(host.proven), dict(host.damaged), exits
    if isinstance(host, SimMac):
        host.rules = ["ssh,tcp,127.0.0.1,50022,,22", *host.rules]
        if host.vm != "running":
            host.active_port = host.active_port and 44342
    host.healthy = lambda container: container.version != sick
    return host


def judged(host: SimHost) -> Diagnosis:
    with redirect_stdout(io.StringIO()):
        site = sim_site(host, Console(Screen(), "sim"))
    return diagnose(site.look(), site.target)


def walk(host: SimHost) -> Iterator[tuple[Diagnosis, Optional[str]]]:
    """What the doctor finds, and what its advice comes to when it is typed; until it has none that is to be typed."""
    for _ in range(STEPS + 1):
        found = judged(host)
        if not found.advice or not found.advice.startswith("inv "):
            yield found, None
            return
        yield found, simulate(found.advice.removeprefix("inv "), host).said


def followed(host: SimHost) -> Diagnosis:
    """Where the doctor's advice ends. It says why something is wrong for as long as it advises something."""
    told = []
    for found, said in walk(host):
        told.append(f"{found.case}\n    try: {found.advice}\n    {said}")
        assert bool(found.case) is bool(found.advice), told
        if said is None:
            return found
    raise AssertionError("the advice has no end:\n" + "\n".join(told))


@pytest.mark.parametrize("name", FAULTS)
def test_from_each_fault_the_advice_ends_at_a_healthy_host(name: str) -> None:
    assert followed(with_fault(name)).case is None


def test_from_a_hung_service_the_advice_ends_at_a_healthy_host() -> None:
    assert followed(hung_java(serving())).case is None


def from_any_state(seeds: range) -> None:
    for seed in seeds:
        try:
            followed(built(random.Random(seed)))
        except BaseException as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__} {error}") from error


@pytest.mark.parametrize("part", range(4))
def test_from_any_state_the_advice_ends_healthy_or_at_what_only_a_person_can_do(part: int) -> None:
    from_any_state(range(part * 25, (part + 1) * 25))


@pytest.mark.reliability
@pytest.mark.parametrize("part", range(1, 10))
def test_from_a_thousand_states_the_advice_ends(part: int) -> None:
    from_any_state(range(part * STATES // 10, (part + 1) * STATES // 10))


# What is told of a fault that only a person can do something about


def test_a_taken_port_is_told_with_what_a_person_can_do_and_not_with_a_task_that_does_nothing(sim: Sim) -> None:
    mac = with_fault("forward", taken="nc 99")
    shown = sim("doctor -H sim", mac)
    assert "yours to do: stop that there: lsof -nP -iTCP:44342" in shown.out
    assert "inv fix.port" not in shown.said
    told = json.loads(sim("doctor --json -H sim", mac).out)["faults"][0]
    assert (told["fault"], told["task"], told["hint"]) == ("port", None, "stop that there: lsof -nP -iTCP:44342")
    assert "ends nothing" in sim("--help fix.port").out


def test_a_repair_that_failed_is_not_advised_again(sim: Sim) -> None:
    host = running()
    host.stop()
    host.exits = 125
    assert "try: inv heal -H sim" in sim("doctor -H sim", host).err
    assert sim("heal -H sim", host).code == 2
    assert "try: find out why it failed last (failed: gave up" in sim("doctor -H sim", host).err
    host.exits = None
    assert sim("heal -H sim", host).code == 0
    host.stop()
    assert "try: inv heal -H sim" in sim("doctor -H sim", host).err


def test_a_full_disk_with_nothing_to_remove_is_told_with_what_a_person_can_do(sim: Sim) -> None:
    shown = sim("status -H sim", serving(disk_free=1_000))
    assert "yours to do: see what else is big there" in shown.out
    assert "inv fix.disk" not in shown.said
