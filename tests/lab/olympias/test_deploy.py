"""The whole tool on olympias: from a Mac with nothing to a service that OSPREY Desktop is content with."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.conftest import Inv
from tests.lab.conftest import Releases
from tests.lab.olympias.host import Olympias
from tests.lab.wait import until

ARCHIVE = "/Users/jmartin/releases"
SLOW = {"INVOKE_OSPREY_PATIENCE": "400", "INVOKE_OSPREY_ARCHIVE": ARCHIVE}


@pytest.fixture(scope="module")
def inv(mac: Olympias, releases: Releases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inv]:
    """`inv` of a workstation that knows olympias by the name in this checkout's settings."""
    home = tmp_path_factory.mktemp("home")
    (home / ".ssh").mkdir()
    mac.ssh_config(home / ".ssh/config", "olympias.cs.duke.edu", "jmartin")
    mac.reset()
    mac.sh(f"mkdir -p {ARCHIVE}")
    for version in ("0.3", "0.4"):
        mac.put(releases(version), f"{ARCHIVE}/osprey-service-docker-{version}.tar")
    yield Inv({"HOME": str(home), **SLOW})
    mac.reset()


def test_a_mac_with_nothing_is_brought_to_a_healthy_public_service_in_one_command(inv: Inv, mac: Olympias) -> None:
    ran = inv("deploy", "--version", "0.3", "-H", "olympias", limit=900)
    assert ran.code == 0, ran.said
    status = json.loads(inv("status", "--json", "-H", "olympias").out)["facts"]
    assert status["public"]["desktop"] == {"0.3": ""}
    assert abs(status["machine"]["vm"]["clock_behind"]) < 5
    again = inv("deploy", "--version", "0.3", "-H", "olympias")
    assert "nothing to do" in again.out, again.said


def test_an_upgrade_goes_the_same_way(inv: Inv) -> None:
    ran = inv("deploy", "--version", "0.4", "-H", "olympias", limit=900)
    assert ran.code == 0, ran.said
    assert "osprey/service:0.4" in inv("service.status", "-H", "olympias").out


def test_a_vm_that_was_shut_down_is_started_with_its_service_and_its_forward(inv: Inv) -> None:
    stopped = inv("machine.stop", "-H", "olympias", limit=600)
    assert stopped.code == 0, stopped.said
    assert inv("status", "-H", "olympias").code == 2
    ran = inv("deploy", "--version", "0.4", "-H", "olympias", limit=900)
    assert ran.code == 0, ran.said


def test_the_forward_is_taken_away_and_made_again(inv: Inv) -> None:
    assert inv("net.unforward", "-H", "olympias").code == 0
    closed = inv("net.check", "-H", "olympias")
    assert closed.code == 2, closed.said
    ran = inv("net.forward", "-H", "olympias", "net.check")
    assert ran.code == 0, ran.said


def test_while_vboxmanage_hangs_every_task_ends_with_a_clear_error_and_leaves_no_process(
    inv: Inv, mac: Olympias
) -> None:
    mac.hang_vboxmanage()
    for words in (["status"], ["deploy", "--version", "0.3"], ["net.forward"], ["machine.stop"]):
        ran = inv(*words, "-H", "olympias", limit=90)
        assert ran.code in (2, 3), ran.said
        assert "VBoxManage does not answer" in ran.said
    until(lambda: "showvminfo" not in mac.sh("ps -axo args"), "the end of what was asked", 40)
    mac.unhang_vboxmanage()
    assert inv("status", "-H", "olympias").code == 0
