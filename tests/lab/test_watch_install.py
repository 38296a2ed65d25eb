"""The watchdog on the lab's server: kept by systemd, as root, for the user whose service it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ospreyops.tools.supervisor import Job
from ospreyops.tools.systemd import UNIT, Systemd
from tests.lab.hosts import Releases, There
from tests.lab.server import Server
from tests.lab.wait import until


def told(host: There) -> dict[str, Any]:
    """What `watch.status` says."""
    said: dict[str, Any] = json.loads(host.inv("watch.status", "--json", *host.flags).out)
    return said


def runs(host: There) -> bool:
    """The watchdog runs."""
    return bool(told(host)["running"])


@pytest.fixture
def watched(there: There) -> Iterator[There]:
    """The server, whose watchdog looks every two seconds."""
    installed = there.inv("watch.install", "--every", "2", *there.flags)
    assert installed.code == 0, installed.said
    yield there
    there.inv("watch.uninstall", *there.flags)


def test_a_unit_is_one_that_systemd_itself_finds_nothing_wrong_with(server: Server) -> None:
    text = Systemd().text(Job("ops", "/home/ops", "/home/ops/50% $x", "", ("/bin/sh", '/a "b" $c')))
    server.sh("mkdir -p '/home/ops/50% $x'")
    quoted = text.replace("'", "'\\''")
    said = server.sh(f"cd /tmp && printf %s '{quoted}' >{UNIT} && systemd-analyze verify ./{UNIT} 2>&1; echo $?")
    assert said == "0"


def test_a_watchdog_runs_on_a_server_and_a_second_install_does_nothing(watched: There) -> None:
    said = told(watched)
    assert (said["installed"], said["running"], said["current"], said["every"]) == (True, True, True, 2)
    again = watched.inv("watch.install", "--every", "2", *watched.flags)
    assert "nothing to do" in again.out, again.said
    assert watched.server.sh(f"systemctl is-enabled {UNIT}") == "enabled"


def test_a_watchdog_that_was_killed_comes_back(watched: There) -> None:
    before = told(watched)["pid"]
    watched.server.sh(f"kill -9 {before}")
    until(lambda: told(watched)["pid"] not in (None, before), "the watchdog's return", 60)


def test_the_watchdog_of_a_server_brings_a_dead_service_back(watched: There, releases: Releases) -> None:
    watched.offer(releases("0.3"), "0.3")
    deployed = watched.inv("deploy", "--version", "0.3", *watched.flags)
    assert deployed.code == 0, deployed.said
    watched.server.sh("docker rm --force osprey-service")
    until(lambda: watched.running() == ["osprey/service:0.3"], "the service's return", 90)
    watched.server.sh(f"systemctl stop {UNIT}")
    assert watched.running() == ["osprey/service:0.3"]
    assert watched.server.sh(f"find {watched.folder} ! -user root") == ""


def test_an_install_that_was_killed_is_finished_by_the_same_command(there: There, tmp_path: Path) -> None:
    child = there.inv.start("watch.install", *there.flags, TMPDIR=str(tmp_path))
    assert child.stdout
    for line in child.stdout:
        if "watch.json is not on" in line:
            break
    child.kill()
    child.wait()
    child.stdout.close()
    assert there.inv("watch.status", *there.flags).code == 2
    again = there.inv("watch.install", "--wait", *there.flags)
    assert again.code == 0, again.said
    assert runs(there)
    there.inv("watch.uninstall", *there.flags)


def test_uninstalling_leaves_no_trace_on_the_server(watched: There) -> None:
    gone = watched.inv("watch.uninstall", *watched.flags)
    assert gone.code == 0, gone.said
    assert watched.server.sh(f"find /etc/systemd {watched.folder} | grep -E 'watch|pyz|[.]part$' || true") == ""
    assert watched.server.sh("pgrep -f osprey[.]pyz || true") == ""
    assert "nothing to do" in watched.inv("watch.uninstall", *watched.flags).out
