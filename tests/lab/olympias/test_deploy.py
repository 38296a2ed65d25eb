"""The whole tool on olympias: from a Mac with nothing to a service that OSPREY Desktop is content with."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Inv, Ran
from tests.lab.olympias import workstation
from tests.lab.olympias.machine import LabVm


def test_a_mac_with_nothing_is_brought_to_a_healthy_public_service_in_one_command(first: Ran) -> None:
    assert first.code == 0, first.said
    assert "Docker is up and running!" in first.out
    *_, done, hint = first.out.splitlines()
    assert "osprey/service:0.3 (sha256:" in done
    assert hint == "next: inv status -H olympias"


def test_the_status_of_a_healthy_service_says_so_from_everywhere(inv: Inv, deployed: LabVm) -> None:
    status = json.loads(inv("status", "--json", "-H", "olympias").out)["facts"]
    assert [place["desktop"] for place in (status["local"], *status["outside"])] == 2 * [{"0.3": None}]
    assert abs(status["machine"]["vm"]["clock_behind"]) < 5
    assert status["machine"]["vm"]["address"] == deployed.address


def test_another_admin_takes_the_vm_over(inv: Inv, deployed: LabVm) -> None:
    where = ("-H", f"ops@{workstation.NAME}")
    inv = Inv({**inv.env, "INVOKE_OSPREY_MACHINE": "virtualbox", "INVOKE_OSPREY_OWNER": ""})
    own = inv("service.status", *where)
    assert own.code == 3, own.said
    assert "there is no VM osprey-service of this user" in own.err
    adopted = inv("machine.adopt", "--owner", deployed.user, *where)
    assert adopted.code == 0, adopted.said
    inv.env["INVOKE_OSPREY_OWNER"] = deployed.user
    assert inv("service.status", *where).code == 0
    again = inv("deploy", "--version", "0.3", *where)
    assert again.code == 0 and "nothing to do" in again.out, again.said


@pytest.mark.usefixtures("deployed")
def test_a_user_who_is_not_there_is_named(inv: Inv) -> None:
    where = ("-H", f"ops@{workstation.NAME}")
    inv = Inv({**inv.env, "INVOKE_OSPREY_MACHINE": "virtualbox", "INVOKE_OSPREY_OWNER": ""})
    ran = inv("machine.adopt", "--owner", "nosuch", *where)
    assert ran.code == 3, ran.said
    assert "there is no user nosuch on" in ran.err
