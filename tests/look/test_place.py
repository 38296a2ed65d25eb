"""Which folder is the service's: root's own where root runs it, unless the settings name another."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from ospreyops.look import place
from ospreyops.remote.command import Answer, Command
from ospreyops.settings import ROOTS, Settings
from ospreyops.target import target
from tests.sim.host import SimHost
from tests.worlds import Sim, running

HOME = "~/osprey/service-docker"
SET = "/srv/osprey"


@pytest.mark.parametrize(
    ("said", "to_be", "folder", "chosen"),
    [
        ("", "", HOME, HOME),
        ("", ROOTS, HOME, ROOTS),
        ("there linux\n", "", HOME, ROOTS),
        ("there linux\nthere own\nstate own\n", "", HOME, ROOTS),
        ("there own\nstate own\n", ROOTS, HOME, HOME),
        ("there linux\n", ROOTS, SET, SET),
    ],
    ids=["a user's", "root's, to be made", "root's", "root's beside an older one", "an older one", "as it is set"],
)
def test_the_folder_is_roots_where_root_runs_the_service(said: str, to_be: str, folder: str, chosen: str) -> None:
    assert place.chosen(target(Settings("sim", folder=folder)), Answer(0, said), to_be) == chosen


def test_the_vm_of_a_user_stays_in_the_users_folder() -> None:
    assert place.chosen(target(Settings("sim", machine="virtualbox")), Answer(0, "there linux\n"), ROOTS) == HOME


class Asked(SimHost):
    """A server with a folder of root's, which counts how often it is asked what lies in the service's folder."""

    times = 0

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers."""
        self.times += "disk" in questions
        return super().ask(questions, sudo=sudo)


def test_a_look_begins_in_the_folder_that_the_last_look_found(
    sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    host = Asked(place="there linux\n")
    asked = []
    for said in ("there linux\n", "there linux\n", "", ""):
        host.place, before = said, host.times
        sim("status -H sim", host)
        asked.append(host.times - before)
    assert asked == [2, 1, 2, 1]


@pytest.mark.parametrize("last", ["", "/etc", f"{ROOTS}/other"])
def test_no_look_begins_in_a_folder_that_could_not_be_the_services(last: str) -> None:
    assert place.likely(target(Settings("sim")), last) == HOME


def test_a_look_never_begins_elsewhere_than_the_settings_say() -> None:
    assert place.likely(target(Settings("sim", folder=SET)), ROOTS) == SET
    assert place.likely(target(Settings("sim", machine="virtualbox")), ROOTS) == HOME


def test_a_host_says_which_folders_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "PLACES", {"linux": str(tmp_path / "var"), "mac": "/Library/no such folder"})
    settings = Settings("sim", folder=str(tmp_path / "a {b} c"))

    def said() -> str:
        done = subprocess.run(["sh", "-c", place.question(settings).line], capture_output=True, text=True, timeout=20)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    assert said() == ""
    (tmp_path / "var").mkdir()
    (tmp_path / "a {b} c/.ospreyops").mkdir(parents=True)
    assert said() == "there linux\nthere own\nstate own\n"


def test_a_first_deploy_through_sudo_is_wholly_in_roots_place_and_a_second_one_does_nothing(sim: Sim) -> None:
    host = SimHost(sudo=True)
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    lines = "\n".join(host.ran)
    assert ROOTS in lines and "/home/ops" not in lines
    assert "nothing to do" in sim("deploy --version 0.3 -H sim", host).out
    assert "deploy --version 0.3" in sim("history -H sim", host).out


MOVE = (
    "sudo sh -c 'mv /home/ops/osprey/service-docker /var/lib/ospreyops && chown -R root: /var/lib/ospreyops"
    " && chmod -R go-w /var/lib/ospreyops', on sim"
)


@pytest.mark.parametrize("task", ["deploy --version 0.4", "service.restart", "rollback"])
def test_a_release_that_root_runs_does_not_start_where_others_may_write(sim: Sim, task: str) -> None:
    host = running(sudo=True, place="state own\n", open_to={"root": "/home/ops", "own": ""}, proven=["0.4"])
    ran = sim(f"{task} -H sim", host)
    assert ran.code == 3
    assert "root would run what lies in /home/ops/osprey/service-docker, and others may write: /home/ops" in ran.err
    assert MOVE in ran.err
    assert host.ran == [] and host.service and host.service.version == "0.3"


def test_what_an_older_version_left_in_the_users_folder_is_still_read_and_may_be_stopped(sim: Sim) -> None:
    host = running(sudo=True, place="state own\n", open_to={"root": "/home/ops"})
    assert sim("status -H sim", host).code == 0
    assert sim("service.stop -H sim", host).code == 0
    assert host.service is None and not host.desired


def test_nothing_heals_from_a_folder_that_others_may_write(sim: Sim) -> None:
    host = running(sudo=True, place="state own\n", open_to={"root": "/home/ops"})
    host.stop()
    assert sim("heal -H sim", host).code == 3
    assert sim("service.start --version 0.3 -H sim", host).code == 3
    assert host.service is None


def test_the_line_for_a_folder_that_is_set_mends_it_in_its_place(sim: Sim) -> None:
    inside = running(sudo=True, configured={"folder": SET}, open_to={"root": f"{SET}/0.4"})
    said = sim("deploy --version 0.4 -H sim", inside).err
    assert "sudo sh -c 'chown -R root: /srv/osprey && chmod -R go-w /srv/osprey', on sim" in said
    above = running(sudo=True, configured={"folder": SET}, open_to={"root": "/srv"})
    said = sim("deploy --version 0.4 -H sim", above).err
    assert "mv /srv/osprey /var/lib/ospreyops" in said and "osprey.hosts.sim.folder: /var/lib/ospreyops" in said


def test_an_owner_runs_nothing_that_others_than_the_owner_may_write(sim: Sim) -> None:
    host = running(configured={"owner": "ops", "user": "jeff"}, open_to={"root": "/home", "own": "/home/ops/osprey"})
    ran = sim("deploy --version 0.4 -H sim", host)
    assert ran.code == 3 and host.ran == []
    assert "ops would run what lies in /home/ops/osprey/service-docker, and others may write" in ran.err
    assert "sudo sh -c 'chown ops: /home/ops/osprey && chmod go-w /home/ops/osprey', on sim" in ran.err


def test_what_a_user_runs_as_himself_is_his_own_affair(sim: Sim) -> None:
    host = running(open_to={"root": "/home/ops", "own": "/home/ops/osprey"})
    assert sim("deploy --version 0.4 -H sim", host).code == 0
