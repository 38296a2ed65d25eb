"""Installing the watch on simulated hosts: what is done, once, and taken back."""

from __future__ import annotations

import json
import plistlib
import re
from pathlib import Path
from typing import Any, Union

import pytest

from ospreyops.settings import settings
from tests.sim.daemons import Keeps, Linux, Mac
from tests.worlds import Sim


@pytest.fixture(params=[Mac, Linux])
def host(request: pytest.FixtureRequest) -> Union[Mac, Linux]:
    made: Union[Mac, Linux] = request.param()
    return made


def test_one_command_installs_the_watchdog_and_a_second_does_nothing(sim: Sim, host: Keeps) -> None:
    first = sim("watch.install -H sim", host)
    assert first.code == 0, first.said
    assert host.loaded
    assert "looks every 30 s" in first.out.splitlines()[-1]
    again = sim("watch.install -H sim", host)
    assert "nothing to do" in again.out, again.said


def test_another_interval_is_taken_over_in_place(sim: Sim, host: Keeps) -> None:
    sim("watch.install -H sim", host)
    before = len(host.ran)
    assert sim("watch.install --every 60 -H sim", host).code == 0
    lines = " ".join(host.ran[before:])
    assert re.search(r"(bootout|systemctl stop).*(bootstrap|systemctl restart)", lines)
    assert "osprey.pyz.new" not in lines
    assert json.loads(sim("watch.status --json -H sim", host).out)["every"] == 60


def test_a_program_that_was_changed_is_shipped_again(sim: Sim, host: Keeps) -> None:
    sim("watch.install -H sim", host)
    (host.files / ".ospreyops/osprey.pyz").write_text("another")
    assert "is not this checkout's" in sim("watch.status -H sim", host).out
    again = sim("watch.install -H sim", host)
    assert "osprey.pyz is not this one on sim" in again.out
    assert "is this checkout's" in sim("watch.status -H sim", host).out


@pytest.mark.parametrize("lines", range(1, 7))
def test_an_install_that_was_killed_before_any_line_is_finished_by_the_same_command(
    sim: Sim, host: Keeps, lines: int
) -> None:
    def kill(line: str) -> None:
        if len(host.ran) == lines:
            raise KeyboardInterrupt

    (host.files / ".ospreyops").mkdir()
    (host.files / ".ospreyops/osprey.pyz").write_text("an older one")
    host.loaded, host.before_run = True, kill
    assert sim("watch.install -H sim", host).code == 130
    host.before_run = lambda line: None
    again = sim("watch.install -H sim", host)
    assert again.code == 0 and host.loaded, again.said
    assert "nothing to do" in sim("watch.install -H sim", host).out


def test_uninstalling_leaves_nothing_of_the_watchdog(sim: Sim, host: Keeps) -> None:
    sim("watch.install -H sim", host)
    (host.files / ".ospreyops/watch.log.1").write_text("old")
    gone = sim("watch.uninstall -H sim", host)
    assert gone.code == 0, gone.said
    assert not host.loaded
    assert list((host.files / "daemons").iterdir()) == []
    assert {path.name for path in (host.files / ".ospreyops").iterdir()} == {"lock", "line", "host", "history.jsonl"}
    assert "nothing to do" in sim("watch.uninstall -H sim", host).out


def test_a_host_without_a_python_that_is_new_enough_is_told_what_to_do(sim: Sim, host: Keeps) -> None:
    host.pythons = "3.8 /usr/local/bin/python3\n"
    ran = sim("watch.install -H sim", host)
    assert ran.code == 3
    assert "there is no Python on sim of 3." in ran.err and "osprey.hosts.sim.python" in ran.err
    assert host.ran == []


def test_a_watchdog_that_does_not_stay_up_is_said_with_its_last_words(sim: Sim, host: Keeps) -> None:
    host.crashes = True
    ran = sim("watch.install -H sim", host)
    assert ran.code == 2
    assert re.search(r"waiting for \S+ to stay up: exit", ran.err)


def test_without_a_watchdog_its_status_says_how_to_get_one(sim: Sim, host: Keeps) -> None:
    ran = sim("watch.status -H sim", host)
    assert ran.code == 2
    assert "watchdog not installed on sim" in ran.err and "inv watch.install -H sim" in ran.err


def test_a_dry_run_shows_what_would_be_typed_and_does_nothing(sim: Sim) -> None:
    mac = Mac()
    out = sim("--dry watch.install -H sim", mac).out
    assert "launchctl bootstrap system /Library/LaunchDaemons/edu.duke.cs.osprey.plist" in out
    assert mac.ran == []


def test_the_daemon_of_a_mac_is_the_owners_and_finds_what_he_uses(sim: Sim) -> None:
    mac = Mac()
    sim("watch.install -H sim", mac)
    keys = plistlib.loads(mac.read("daemons/edu.duke.cs.osprey.plist").encode())
    assert (keys["UserName"], keys["EnvironmentVariables"]["HOME"]) == ("jmartin", "/Users/jmartin")
    assert "/usr/local/bin" in keys["EnvironmentVariables"]["PATH"].split(":")
    assert keys["ProgramArguments"][0] == "/opt/homebrew/bin/python3.13"
    assert all(Path(word).is_absolute() for word in (keys["ProgramArguments"][3], keys["StandardOutPath"]))


def test_a_server_whose_docker_is_roots_is_watched_by_root_in_a_folder_of_roots(sim: Sim) -> None:
    linux = Linux(sudo=True)
    assert sim("watch.install -H sim", linux).code == 0
    unit = linux.read("daemons/osprey-watch.service")
    assert 'Environment="PATH=/usr/bin:/bin:/usr/sbin:/sbin"' in unit
    assert "\nUser=root\n" in unit and '"/var/lib/ospreyops/.ospreyops/osprey.pyz"' in unit and "/home/" not in unit
    own = json.loads(linux.read(".ospreyops/watch.json"))["osprey"]
    assert "owner" not in own
    assert own["folder"] == "/var/lib/ospreyops"


def test_the_settings_of_a_watchdog_are_for_its_user_alone(sim: Sim, host: Keeps) -> None:
    """The URL for its events may have a token in it."""
    sim("watch.install -H sim", host)
    assert (host.files / ".ospreyops/watch.json").stat().st_mode & 0o777 == 0o600


def test_root_runs_no_python_that_others_may_write(sim: Sim) -> None:
    linux = Linux(sudo=True, pythons_open="/opt/homebrew/bin/python3.13")
    ran = sim("watch.install -H sim", linux)
    assert ran.code == 3 and linux.ran == []
    assert "root would run /opt/homebrew/bin/python3.13 on sim, which others may write" in ran.err
    linux.pythons += "3.12 /usr/bin/python3.12\n"
    assert sim("watch.install -H sim", linux).code == 0
    assert "/usr/bin/python3.12" in linux.read("daemons/osprey-watch.service")


@pytest.mark.parametrize("state", [{"sudo": True}, {"unit": "0.3"}, {"writable": False}])
def test_root_watches_nothing_from_a_folder_that_others_may_write(sim: Sim, state: dict[str, Any]) -> None:
    linux = Linux(place="state own\n", open_to={"root": "/home/ops"}, **state)
    ran = sim("watch.install -H sim", linux)
    assert ran.code == 3 and linux.ran == []
    assert "root would run what lies in /home/ops/osprey/service-docker, and others may write: /home/ops" in ran.err


def test_in_a_folder_of_roots_the_daemon_is_root_and_nothing_else(sim: Sim) -> None:
    linux = Linux(writable=False)
    assert sim("watch.install -H sim", linux).code == 0
    assert "owner" not in json.loads(linux.read(".ospreyops/watch.json"))["osprey"]
    assert "\nUser=root\n" in linux.read("daemons/osprey-watch.service")


def test_the_settings_on_the_host_are_those_of_the_host_seen_from_itself(sim: Sim) -> None:
    mac = Mac()
    sim("watch.install -H sim", mac)
    own = json.loads(mac.read(".ospreyops/watch.json"))["osprey"]
    assert own == {
        "host": "localhost",
        "machine": "virtualbox",
        "folder": "/Users/jmartin/osprey/service-docker",
        "health_timeout": 20,
        "public": "none",
    }


def test_the_watchdog_holds_to_the_pins_of_its_host(sim: Sim) -> None:
    pins = {"0.3": "ab" * 32}
    linux = Linux(configured={"releases": tuple(pins.items())})
    sim("watch.install -H sim", linux)
    own = json.loads(linux.read(".ospreyops/watch.json"))["osprey"]
    assert settings(own, "localhost").releases == tuple(pins.items())
