"""The watchdog on olympias: a LaunchDaemon of the VM's owner, which needs nobody to be logged in."""

from __future__ import annotations

import json
import plistlib
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ospreyops.tools.launchd import LABEL, Launchd
from ospreyops.tools.supervisor import Job
from tests.conftest import Inv
from tests.lab.olympias import workstation
from tests.lab.olympias.etc import PASSWORD
from tests.lab.olympias.host import Olympias
from tests.lab.wait import until

FOLDER = "/Users/jmartin/watched"
FLAGS = ("-H", "olympias")
BY_OPS = {"INVOKE_OSPREY_HOSTS_OLYMPIAS_USER": "ops", "INVOKE_OSPREY_OWNER": "jmartin"}


@pytest.fixture
def inv(mac: Olympias, tmp_path: Path) -> Inv:
    """`inv` of a workstation that enters olympias as ops, for whom sudo wants no password, and works for jmartin."""
    environment = workstation.furnish(mac, tmp_path / "home")
    return Inv({**environment, **BY_OPS, "INVOKE_OSPREY_HOSTS_OLYMPIAS_FOLDER": FOLDER})


@pytest.fixture
def clean(mac: Olympias) -> Iterator[Olympias]:
    """olympias, on which nothing of the watchdog is left."""
    yield mac
    mac.sh(f"launchctl bootout system/{LABEL}; rm -rf {FOLDER} /Library/LaunchDaemons/*", "root", check=False)
    until(lambda: mac.run("launchctl", "print", f"system/{LABEL}").returncode == 113, "the job's end", 30)


@pytest.fixture
def watched(inv: Inv, clean: Olympias) -> Olympias:
    """olympias, with its watchdog."""
    installed = inv("watch.install", *FLAGS)
    assert installed.code == 0, installed.said
    return clean


def told(inv: Inv) -> dict[str, Any]:
    """What `watch.status` says."""
    said: dict[str, Any] = json.loads(inv("watch.status", "--json", *FLAGS).out)
    return said


def test_a_watchdog_runs_with_nobody_logged_in_and_a_second_install_does_nothing(inv: Inv, watched: Olympias) -> None:
    said = told(inv)
    assert (said["installed"], said["running"], said["current"], said["every"]) == (True, True, True, 30)
    assert watched.sh(f"ps -o user=,tty= -p {said['pid']}", "root").split() == ["jmartin", "?"]
    again = inv("watch.install", *FLAGS)
    assert "nothing to do" in again.out, again.said
    assert told(inv)["pid"] == said["pid"]


def test_a_watchdog_that_was_killed_comes_back(inv: Inv, watched: Olympias) -> None:
    before = told(inv)["pid"]
    watched.sh(f"kill -9 {before}", "root")
    until(lambda: told(inv)["pid"] not in (None, before), "the watchdog's return", 60)


def test_another_interval_takes_effect_at_once(inv: Inv, watched: Olympias) -> None:
    before = told(inv)["pid"]
    changed = inv("watch.install", "--every", "7", *FLAGS)
    assert changed.code == 0, changed.said
    said = told(inv)
    assert said["pid"] != before
    assert "--every 7" in watched.sh(f"ps -ww -o args= -p {said['pid']}", "root")


def test_the_last_words_of_the_watchdog_are_in_its_status(inv: Inv, watched: Olympias) -> None:
    until(lambda: told(inv)["log"], "the watchdog's first words", 60)
    table = inv("watch.status", *FLAGS).out
    assert f"{LABEL} runs (pid " in table and "osprey.pyz is this checkout's" in table


def test_uninstalling_leaves_no_trace_on_the_mac(inv: Inv, watched: Olympias) -> None:
    pid = told(inv)["pid"]
    gone = inv("watch.uninstall", *FLAGS)
    assert gone.code == 0, gone.said
    assert watched.run("ps", "-p", str(pid), user="root").returncode == 1
    assert watched.run("launchctl", "print", f"system/{LABEL}").returncode == 113
    left = f"find /Library/LaunchDaemons {FOLDER} -type f"
    assert {Path(line).name for line in watched.sh(left).splitlines()} == {"lock", "line", "host", "history.jsonl"}
    assert "nothing to do" in inv("watch.uninstall", *FLAGS).out


def test_the_owner_is_asked_for_a_password_once(inv: Inv, clean: Olympias) -> None:
    environment = {key: value for key, value in inv.env.items() if key not in BY_OPS}
    installed = Inv(environment).asked("password for jmartin on olympias: ", PASSWORD, "watch.install", *FLAGS)
    assert "watchdog installed on olympias, it looks every 30 s" in installed.out
    assert "password for" not in installed.out
    assert told(inv)["running"]


def test_the_property_list_is_one_for_another_parser_too(tmp_path: Path) -> None:
    job = Job("jmartin", "/Users/jmartin", "/Users/jmartin/a & <b>", "/l", ("/usr/local/bin/python3", "it's"))
    xml, binary = tmp_path / "job.plist", tmp_path / "job.bin"
    xml.write_text(Launchd().text(job))
    subprocess.run(["plistutil", "-i", str(xml), "-f", "bin", "-o", str(binary)], check=True, timeout=20)
    assert plistlib.loads(binary.read_bytes()) == plistlib.loads(xml.read_bytes())
