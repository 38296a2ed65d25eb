"""A host that an older version of the tool left, in the middle of something or not, is taken on without a hitch."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Callable

import pytest

from ospreyops.facts.engine import Container
from tests.sim.answers import EPOCH
from tests.sim.disk import OnDisk
from tests.worlds import Sim, clean

SINCE = "2026-01-01T00:00:00"


def container(name: str, version: str, port: int) -> Container:
    digest = f"sha256:{(version.replace('.', '') * 32)[:64]}"
    return Container(f"c-{port}", f"osprey/service:{version}", digest, "running", SINCE, port, name=name)


def left(*containers: Container, desired: str = "0.3", active_port: int = 44342) -> OnDisk:
    """A server with these containers, where an older version recorded a release as the desired one."""
    service = next((one for one in containers if one.name == "osprey-service"), None)
    others = [one for one in containers if one is not service]
    host = OnDisk(service=service, others=others, active_port=active_port, unpacked={"0.2", "0.3", "0.4"})
    for version in ("0.2", "0.3", "0.4"):
        host.load(version)
    host.note("wanted", json.dumps({"version": desired, "since": "2026-01-01T00:00:00Z", "by": "jmartin@grisman-12"}))
    host.note("healthy", "0.2\n0.3\n" if desired == "0.3" else "0.2\n0.3\n0.4\n")
    host.listener = "docker-proxy" if any(one.port == 44342 for one in containers) else ""
    return host


OLD = container("osprey-service-44342", "0.3", 44342)
NEW = container("osprey-service", "0.4", 24343)
DRAINING = replace(OLD, name=f"osprey-service-left-{EPOCH - 100}-44342")
SECOND = replace(NEW, name="osprey-service-24343")
LEFT: dict[str, Callable[[], OnDisk]] = {
    "0.3 serves": lambda: left(container("osprey-service", "0.3", 44342)),
    "0.3 was stopped": left,
    "0.3 is aside, and nothing else is there": lambda: left(OLD),
    "0.4 was started alongside": lambda: left(OLD, NEW),
    "0.4 has the traffic": lambda: left(OLD, NEW, active_port=24343),
    "0.4 is the desired release": lambda: left(OLD, NEW, desired="0.4", active_port=24343),
    "0.3 drains": lambda: left(DRAINING, NEW, desired="0.4", active_port=24343),
    "traffic is switched to where nothing runs": lambda: left(active_port=24343),
    "0.3 runs, and traffic is switched to where nothing runs": lambda: left(
        container("osprey-service", "0.3", 44342), active_port=24343
    ),
    "0.4 has the traffic under the name of its port": lambda: left(
        container("osprey-service", "0.3", 44342), SECOND, active_port=24343
    ),
}


@pytest.mark.parametrize("line", ["heal", "deploy --version 0.3", "deploy --version 0.4"])
@pytest.mark.parametrize("name", LEFT)
def test_what_an_older_version_left_is_healthy_after_one_command(sim: Sim, name: str, line: str) -> None:
    host = LEFT[name]()
    draining = next((one for one in host.others if one.draining_since), None)
    if draining:
        host.connections[draining.name] = 1
        host.on_look = lambda: host.connections.clear() if host.now > 60 else None
    before = json.loads(host.notes()["wanted"])["version"]
    version = before if line == "heal" else line.rsplit(maxsplit=1)[-1]
    ran = sim(f"{line} -H sim", host)
    assert ran.code == 0, ran.said
    if line == "heal" and draining:
        assert [one.draining_since for one in host.others] == [draining.draining_since]
        host.now = 100
        assert sim("heal -H sim", host).code == 0
    clean(host, version)
    assert sim("status -H sim", host).code == 0
    assert json.loads(host.notes()["wanted"])["version"] == version


def test_the_rollback_target_that_an_older_version_recorded_is_rolled_back_to(sim: Sim) -> None:
    host = LEFT["0.3 serves"]()
    assert sim("rollback -H sim", host).code == 0
    clean(host, "0.2")
    assert host.notes()["healthy"] == f"0.2\n0.3\n0.2 {host.images['osprey/service:0.2']}\n"


def test_a_load_that_did_not_end_under_an_older_version_is_done_again(sim: Sim) -> None:
    host = LEFT["0.3 serves"]()
    host.note("loading-0.4")
    assert sim("deploy --version 0.4 -H sim", host).code == 0
    assert "docker image rm osprey/service:0.4" in host.ran
    assert "loading-0.4" not in host.notes()
    clean(host, "0.4")


def test_the_history_and_the_lock_that_an_older_version_left_are_used(sim: Sim) -> None:
    host = LEFT["0.3 serves"]()
    entry = {"when": "2026-01-01T00:00:00Z", "task": "deploy --version 0.3", "outcome": "ok"}
    host.note("history.jsonl", json.dumps(entry) + "\n")
    host.note("lock")
    assert sim("deploy --version 0.4 -H sim", host).code == 0
    told = json.loads(sim("history --json -H sim", host).out)["history"]
    assert [row["task"] for row in told] == ["deploy --version 0.3", "deploy --version 0.4"]
