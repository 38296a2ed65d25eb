"""One change of a host at a time, over SSH: two people at once, workstations that die or sleep, cut connections."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.lab.hosts import Releases, There
from tests.lab.killed import reaches
from tests.lab.server import PASSWORD, Server
from tests.lab.wait import until

DEPLOY = ("deploy", "--version", "0.3")


def history(host: There) -> list[dict[str, Any]]:
    """The host's history, as `inv history` tells it."""
    ran = host.inv("history", "--json", *host.flags)
    assert ran.code == 0, ran.said
    found: list[dict[str, Any]] = json.loads(ran.out)["history"]
    return found


def begun(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["when"].replace("Z", "+00:00"))


def free(host: There) -> bool:
    return json.loads(host.inv("lock.status", "--json", *host.flags).out)["lock"] is None


@contextmanager
def asleep(host: There) -> Iterator[subprocess.Popen[str]]:
    """A deploy that stands still once it has done a step."""
    process = host.inv.start(*DEPLOY, *host.flags)
    assert reaches(process, 1), "the deploy ended"
    process.send_signal(signal.SIGSTOP)
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def offered(there: There, releases: Releases) -> There:
    """The server, with a release in its archive."""
    there.offer(releases("0.3"), "0.3")
    return there


def test_a_deploy_is_in_the_history_and_one_that_does_nothing_is_not(there: There, releases: Releases) -> None:
    archive = releases("0.3")
    for _ in range(2):
        ran = there.inv(*DEPLOY, "--from", str(archive), *there.flags)
        assert ran.code == 0, ran.said
    (entry,) = history(there)
    assert (entry["task"], entry["outcome"]) == (f"deploy --version 0.3 --from {archive}", "ok")
    assert (entry["before"], entry["after"], entry["host"]) == (None, "0.3", "grisman")
    assert entry["image"].startswith("sha256:")
    assert entry["archive_sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert all(step["ok"] for step in entry["steps"]) and len(entry["steps"]) >= 4
    assert f"deploy --version 0.3 --from {archive}" in there.inv("history", *there.flags).out
    facts = json.loads(there.inv("status", "--json", *there.flags).out)["facts"]
    assert facts["host"]["desired"]["version"] == "0.3"
    assert "service.stop" in there.inv("service.stop", *there.flags, "history").out
    assert json.loads(there.inv("status", "--json", *there.flags).out)["facts"]["host"]["desired"] is None


def test_of_two_who_deploy_different_versions_at_once_one_is_refused_or_waits_with_wait(
    offered: There, releases: Releases
) -> None:
    offered.offer(releases("0.4"), "0.4")
    other = ("deploy", "--version", "0.4", *offered.flags)
    with asleep(offered) as first:
        refused = offered.inv(*other)
        assert refused.code == 3, refused.said
        assert "grisman is locked by " in refused.err and f"(pid {first.pid})" in refused.err
        second = offered.inv.start(*other, "--wait")
        assert second.stdout
        while "is locked by" not in (line := second.stdout.readline()):
            assert line, "the second one ended"
        first.send_signal(signal.SIGCONT)
        said, _ = first.communicate(timeout=120)
        assert first.returncode == 0, said
        said, _ = second.communicate(timeout=120)
        assert second.returncode == 0, said
    assert [(entry["outcome"], entry["after"]) for entry in history(offered)] == [("ok", "0.3"), ("ok", "0.4")]
    assert offered.running() == ["osprey/service:0.4"]


def test_a_workstation_that_dies_frees_the_lock_and_leaves_a_line_in_the_history(offered: There) -> None:
    with asleep(offered) as process:
        assert not free(offered)
        process.kill()
        until(lambda: free(offered), "the lock", 10)
    (entry,) = history(offered)
    assert entry["outcome"] == "cut off"
    assert offered.inv(*DEPLOY, *offered.flags).code == 0


def test_a_connection_that_is_cut_frees_the_lock_and_the_task_says_so(offered: There) -> None:
    with asleep(offered) as process:
        sessions = "ps -o pid= -C sshd,sshd-session"
        offered.server.sh(f"kill -9 $({sessions} | grep -v $(systemctl show ssh -p MainPID --value))")
        until(lambda: free(offered), "the lock", 10)
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 4, said
        assert "the connection to grisman was lost" in said
    assert [entry["outcome"] for entry in history(offered)] == ["cut off"]


def test_a_workstation_that_sleeps_loses_the_lock_and_does_not_go_on_when_it_wakes(offered: There) -> None:
    with asleep(offered) as process:
        until(lambda: free(offered), "the end of the holder's silence", 30)
        process.send_signal(signal.SIGCONT)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 3, said
        assert "the lock of grisman was lost" in said
    assert [entry["outcome"] for entry in history(offered)] == ["cut off"]
    assert offered.running() == []


def test_a_task_whose_sshd_stands_still_writes_nothing_more_once_another_has_the_lock(
    offered: There, releases: Releases
) -> None:
    offered.offer(releases("0.4"), "0.4")
    process = offered.inv.start(*DEPLOY, *offered.flags)
    assert reaches(process, 2), "the deploy ended"
    stopped = offered.server.sh("pgrep -u ops sshd-session").split()
    offered.server.sh(f"kill -STOP {' '.join(stopped)}")
    with process:
        try:
            other = offered.inv("deploy", "--version", "0.4", "--wait", *offered.flags)
            assert other.code == 0, other.said
            offered.server.sh(f"kill -CONT {' '.join(stopped)}")
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode in (3, 4), said
    assert [(entry["outcome"], entry["after"]) for entry in history(offered)][1:] == [("ok", "0.4")], said
    assert offered.running() == ["osprey/service:0.4"]


def test_three_who_deploy_at_once_and_the_watch_take_turns(offered: There, releases: Releases) -> None:
    offered.offer(releases("0.4", None, ("0.4", "0.3")), "0.4")
    tasks = (DEPLOY, ("deploy", "--version", "0.4"), ("service.restart",))
    assert offered.inv(*DEPLOY, *offered.flags).code == 0
    watch = offered.inv.start("watch", "--every", "1", *offered.flags)
    running = [offered.inv.start(*task, "--wait", *offered.flags) for task in tasks]
    try:
        said = [process.communicate(timeout=300)[0] for process in running]
    finally:
        for process in (*running, watch):
            process.kill()
            process.wait()
    assert {process.returncode for process in running} <= {0, 3}, said
    entries = [entry for entry in history(offered) if "steps" in entry]
    assert len([entry for entry in entries if entry["outcome"] == "ok"]) > 1, entries
    for earlier, later in zip(entries, entries[1:]):
        assert later["before"] == earlier["after"], entries
        assert begun(later) >= begun(earlier) + timedelta(seconds=earlier["seconds"] - 1), entries


def test_a_lock_is_released_from_another_connection(offered: There) -> None:
    with asleep(offered):
        asked = offered.inv("lock.release", *offered.flags)
        assert asked.code == 1
        assert "last heartbeat " in asked.err
        released = offered.inv("lock.release", "--yes", *offered.flags)
        assert released.code == 0, released.said
        assert free(offered)
    assert "nothing to do" in offered.inv("lock.release", *offered.flags).out


def test_a_folder_that_is_roots_is_locked_with_sudo_and_no_password_is_left_in_it(
    server: Server, tmp_path: Path, releases: Releases
) -> None:
    host = There(server, tmp_path, "maint")
    host.offer(releases("0.3"), "0.3")
    server.sh("mkdir -p /opt/osprey-service")
    host.inv.env["INVOKE_OSPREY_FOLDER"] = "/opt/osprey-service"
    deployed = host.inv.asked(r"\[sudo\] password for maint on grisman: ", PASSWORD, *DEPLOY, *host.flags)
    assert deployed.code == 0, deployed.said
    refused = host.inv("history", *host.flags)
    assert refused.code == 3 and "needs the password of maint" in refused.err, refused.said
    told = host.inv.asked(r"\[sudo\] password for maint on grisman: ", PASSWORD, "history", *host.flags, "lock.status")
    assert "deploy --version 0.3" in told.out and "grisman is not locked" in told.out, told.said
    assert set(server.sh("stat -c %U /opt/osprey-service/.ospreyops/*").split()) == {"root"}
    assert server.sh(f"grep -r {PASSWORD} /opt/osprey-service || echo nowhere") == "nowhere"
