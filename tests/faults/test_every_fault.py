"""Every known fault on simulated hosts: detected, repaired, gone; and what heals."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from ospreyops.faults import registry
from tests.conftest import PROJECT
from tests.sim.host import Killed
from tests.worlds import CURABLE, FAULTS, RULE, WANT_YES, Sim, hung_java, kill_before, serving, spare, with_fault


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_by_the_doctor_repaired_by_its_task_and_the_second_time_not_there(sim: Sim, name: str) -> None:
    mac = with_fault(name)
    found = sim("doctor -H sim", mac)
    assert found.code == 2, found.said
    assert re.findall(r"^FAILED (\w+) ", found.out, re.MULTILINE) == [name], found.said
    yes = " --yes" if name in WANT_YES else ""
    assert f"inv fix.{name}{yes} -H sim" in found.out
    cured = sim(f"fix.{name}{yes} -H sim", mac)
    assert cured.code == 0, cured.said
    before = list(mac.ran)
    again = sim(f"fix.{name} -H sim", mac)
    assert "nothing to do" in again.out, again.said
    assert mac.ran == before
    assert sim("doctor -H sim", mac).code == 0
    assert RULE in mac.rules
    assert mac.service


@pytest.mark.parametrize("task", ["fix", "heal"])
@pytest.mark.parametrize("name", CURABLE)
def test_a_repair_that_is_killed_before_any_of_its_lines_is_finished_by_heal(sim: Sim, name: str, task: str) -> None:
    line = f"{task}.{name}{' --yes' if name in WANT_YES else ''} -H sim" if task == "fix" else "heal -H sim"
    whole = with_fault(name)
    assert sim(line, whole).code == 0
    for done in range(len(whole.ran)):
        mac = with_fault(name)

        kill_before(mac, done)
        with pytest.raises(Killed):
            sim(line, mac)
        spare(mac)
        healed = sim("heal -H sim", mac)
        assert healed.code == 0, healed.said
        assert sim("service.status -H sim", mac).code == 0
        assert mac.rules.count(RULE) == 1


@pytest.mark.parametrize("name", FAULTS)
def test_what_the_doctor_says_to_try_does_something_about_the_fault(sim: Sim, name: str) -> None:
    mac = with_fault(name)
    tried = re.search(r"try: inv (\S+)(?: --yes)? -H sim", sim("doctor -H sim", mac).err)
    assert tried and tried[1] in ("heal", f"fix.{name}")
    ran = sim(f"{tried[1]}{' --yes' if name in WANT_YES else ''} -H sim", mac)
    assert ran.code == 0 and "nothing to do" not in ran.out, ran.said


def test_a_hung_service_is_stopped_with_its_last_words_kept_and_started_again(sim: Sim) -> None:
    mac = hung_java(serving())
    found = sim("doctor -H sim", mac)
    assert "osprey/service:0.3 hangs" in found.out
    assert sim("fix.service -H sim", mac).code == 0
    assert "docker stop" in mac.ran[0]


def test_what_a_repair_would_cut_is_said_before(sim: Sim) -> None:
    mac = hung_java(serving())
    assert mac.service
    mac.service = replace(mac.service, jobs=("sander",))
    assert "sander computing in it: cut" in sim("doctor -H sim", mac).out


def test_a_foreign_listener_is_named_and_never_ended(sim: Sim) -> None:
    mac = with_fault("forward", taken="nc 99")
    for line in ("fix.port", "net.forward", "heal"):
        ran = sim(f"{line} -H sim", mac)
        assert (ran.code, mac.ran) == (3, []), ran.said
        assert "port 44342 of sim is taken by nc (pid 99)" in ran.err


def test_a_full_disk_is_cleared_of_old_releases_alone(sim: Sim) -> None:
    mac = serving(disk_free=1_000, proven=["0.1", "0.2"])
    for version in ("0.1", "0.2"):
        mac.load(version)
        mac.extract(version)
    ran = sim("fix.disk -H sim", mac)
    assert set(mac.images) == {"osprey/service:0.2", "osprey/service:0.3"}, ran.said
    assert mac.unpacked == {"0.2", "0.3"}
    assert ran.code == 3
    assert "see what else is big" in ran.err


def test_the_doctor_tells_a_program_all_it_knows(sim: Sim) -> None:
    data = json.loads(sim("doctor --json -H sim", with_fault("clock")).out)
    assert data["faults"][0]["task"] == "fix.clock"
    assert data["faults"][0]["impact"] is None


def test_the_status_names_the_faults_and_their_repairs(sim: Sim) -> None:
    ran = sim("status -H sim", with_fault("clock"))
    assert "inv fix.clock -H sim" in ran.out


def test_every_fault_has_a_file_a_task_and_a_row_in_the_documents() -> None:
    troubleshooting, tasks = ((PROJECT / f"docs/{page}.md").read_text() for page in ("troubleshooting", "tasks"))
    for fault in registry():
        assert f"| `{fault.name}` |" in troubleshooting
        assert f"`inv fix.{fault.name}" in tasks
