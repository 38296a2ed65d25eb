"""What a host remembers: its desired release, and what was done to it. The lock is in test_lock.py."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ospreyops.change.history import entries, rows, typed
from tests.sim.host import SimHost
from tests.worlds import Sim, history, running, unfit

KEYS = {"when", "who", "from", "task", "host", "before", "after", "steps", "seconds", "outcome", "image"}

TYPED = re.compile(r"perl -e \'.*\' (?:\S+/\.decoded )?(\S+) osprey/service:\S+ amd64(?: \'.*\')? \| docker load && .*")
"""A load through the gate."""


def lines(host: SimHost) -> list[str]:
    """What was run, as it is told: without the marks around a load and in a release, and what lets no other name in."""
    told = [
        re.sub(r" && echo sha256:\w+ >>\S+", "", line)
        for line in host.ran
        if "loading-" not in line and not line.endswith("/.ospreyops/loaded")
    ]
    return [TYPED.sub(r"bzip2 -dc \1 | docker load && sync", line) for line in told]


def test_a_deploy_leaves_one_line_with_its_steps_versions_and_image(sim: Sim) -> None:
    host = running()
    assert sim("deploy --version 0.4 -H sim", host).code == 0
    (entry,) = history(host)
    assert entry.keys() == KEYS | {"archive_sha256"}
    assert (entry["task"], entry["host"], entry["outcome"]) == ("deploy --version 0.4", "sim", "ok")
    assert (entry["before"], entry["after"], entry["image"]) == ("0.3", "0.4", host.images["osprey/service:0.4"])
    assert all(step["ok"] for step in entry["steps"])
    assert [step["line"] for step in entry["steps"]] == lines(host)
    assert entry["when"] == "2027-01-15T08:00:00Z"


def test_a_task_with_nothing_to_do_leaves_no_line_and_takes_no_lock(sim: Sim) -> None:
    host = running()
    assert sim("deploy --version 0.3 -H sim net.forward status", host).code == 0
    assert list(host.files.iterdir()) == []


def test_a_dry_run_leaves_nothing(sim: Sim) -> None:
    host = running()
    ran = sim("--dry deploy --version 0.4 -H sim service.stop", host)
    assert ran.code == 0
    assert list(host.files.iterdir()) == []
    assert "wanted.new" in ran.out


def test_each_task_of_a_chain_leaves_its_own_line(sim: Sim) -> None:
    host = running()
    assert sim("service.stop -H sim service.start --version 0.3 status", host).code == 0
    assert [entry["task"] for entry in history(host)] == ["service.stop", "service.start --version 0.3"]
    assert [(entry["before"], entry["after"]) for entry in history(host)] == [("0.3", None), (None, "0.3")]


def test_a_step_that_fails_is_in_the_line_and_so_is_why(sim: Sim) -> None:
    host = SimHost(fails="docker load")
    assert sim("deploy --version 0.3 -H sim", host).code == 5
    (entry,) = history(host)
    assert entry["outcome"].startswith("failed: osprey-service-docker-0.3.tar.bz2 cannot be loaded")
    assert [step["ok"] for step in entry["steps"]] == [True, False]


def test_what_restored_the_previous_release_is_in_the_same_line(sim: Sim) -> None:
    host = running(healthy=unfit)
    assert sim("deploy --version 0.4 -H sim", host).code == 2
    (entry,) = history(host)
    assert (entry["before"], entry["after"]) == ("0.3", "0.3")
    assert entry["outcome"].startswith("failed: ") and "/v0.4/about: no answer in time" in entry["outcome"]
    assert "the last log line" in entry["evidence"]
    assert [step["line"] for step in entry["steps"]] == lines(host)


def test_what_was_deployed_is_the_desired_release_once_it_is_healthy(sim: Sim) -> None:
    host, desired = SimHost(), list[tuple[str, bool]]()
    host.before_run = lambda line: desired.append((host.desired, bool(host.service)))
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    assert host.desired == "0.3"
    assert desired[-1] == ("", True)


def test_a_deploy_that_fails_does_not_change_the_desired_release(sim: Sim) -> None:
    host = running(healthy=unfit)
    assert sim("deploy --version 0.4 -H sim", host).code == 2
    assert host.desired == "0.3"


def test_a_stop_clears_the_desired_release_before_it_stops(sim: Sim) -> None:
    host, desired = running(), list[tuple[str, bool]]()
    host.before_run = lambda line: desired.append((host.desired, bool(host.service)))
    assert sim("service.stop -H sim", host).code == 0
    assert desired == [("0.3", True), ("", True)]
    assert host.service is None


def test_a_healthy_service_that_is_not_the_desired_release_is_so_after_a_deploy(sim: Sim) -> None:
    host = running()
    host.record("0.2")
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    assert (len(host.ran), host.desired) == (1, "0.3")


def test_the_history_shows_the_last_changes_newest_last(sim: Sim) -> None:
    host = SimHost()
    sim("deploy --version 0.3 -H sim service.stop", host)
    shown = sim("history -H sim", host).out.splitlines()
    assert [line.split("UTC")[1].split()[0] for line in shown[::2]] == ["deploy", "service.stop"]
    assert len(sim("history --lines 1 -H sim", host).out.splitlines()) == 2
    told = {"host": "sim", "history": history(host), "torn": 0, "cut": False}
    assert json.loads(sim("history --json -H sim", host).out) == told


def test_a_host_that_nobody_has_changed_has_no_history(sim: Sim) -> None:
    ran = sim("history -H sim", SimHost())
    assert (ran.code, ran.out) == (0, "nothing was changed on sim yet\n")


def test_a_line_torn_by_a_power_loss_is_reported_and_swallows_no_other(sim: Sim) -> None:
    host = running()
    file = host.files / ".ospreyops/history.jsonl"
    sim("service.stop -H sim", host)
    file.write_text(file.read_text() + file.read_text()[:40])
    sim("service.start --version 0.3 -H sim", host)
    ran = sim("history -H sim", host)
    assert ran.code == 0
    assert [line.split("UTC")[1].split()[0] for line in ran.out.splitlines()[:4:2]] == ["service.stop", "service.start"]
    assert "1 of these lines cannot be read" in ran.out


def test_a_history_that_cannot_be_read_is_said(sim: Sim) -> None:
    host = SimHost()
    (host.files / ".ospreyops/history.jsonl").mkdir(parents=True)
    ran = sim("history -H sim", host)
    assert ran.code == 3
    assert "the history of sim cannot be read" in ran.err


def test_a_disk_too_full_for_the_history_is_said_and_the_task_is_done(sim: Sim) -> None:
    host = running()
    (host.files / ".ospreyops").mkdir()
    (host.files / ".ospreyops/history.jsonl").symlink_to("/dev/full")
    ran = sim("service.stop -H sim", host)
    assert ran.code == 0
    assert "the history of sim could not be written: history: No space left on device" in ran.out


entry_rows = st.fixed_dictionaries({"when": st.text(), "task": st.text(), "outcome": st.text()})
rubbish = st.text().filter(lambda text: "\n" not in text) | st.sampled_from(["{}", '{"when": "", "task": ""}', "[1]"])
anything = st.recursive(st.none() | st.text() | st.floats(), lambda inner: st.dictionaries(st.text(), inner))


@given(st.lists(entry_rows.map(lambda entry: (json.dumps(entry), entry)) | rubbish.map(lambda text: (text, None))))
def test_every_whole_line_of_a_history_is_read_whatever_is_between_them(rows: list[tuple[str, Any]]) -> None:
    found, torn = entries("\n".join(line for line, _ in rows))
    assert found == [entry for _, entry in rows if entry]
    assert torn == sum(1 for line, entry in rows if not entry and line.strip())


@given(st.dictionaries(st.sampled_from(sorted(KEYS)), anything))
@example({"task": "two\nlines"})
def test_whatever_an_entry_has_in_it_is_shown_within_the_lines_of_its_row(odd: dict[str, Any]) -> None:
    (found,), torn = entries(json.dumps({**dict.fromkeys(KEYS, ""), **odd}))
    assert torn == 0
    ((_, when, text),) = rows([found])
    assert "\n" not in when and all(line.startswith("   ") for line in text.split("\n")[1:])


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, "deploy"),
        ({"version": "0.3", "from_": "", "health_timeout": ""}, "deploy --version 0.3"),
        ({"from_": "/tmp/a b.tar", "yes": True, "json_": False}, "deploy --from '/tmp/a b.tar' --yes"),
    ],
)
def test_a_task_is_written_down_as_it_was_typed(options: dict[str, Any], line: str) -> None:
    assert typed("deploy", options) == line
