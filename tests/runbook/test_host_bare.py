"""`inv host.check` of real hosts, by SSH: one that lacks nearly everything, Perl first of all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Ran
from tests.lab.sshd import Sshd, closed_port
from tests.workstation import Workstation, two_servers

THERE = (
    *("sh", "bash", "id", "uname", "date", "od", "tr", "sed", "grep", "df", "tail", "head", "cat", "ls", "wc", "sort"),
    *("env", "dirname", "hostname", "timeout", "tar", "ps", "sleep", "rm", "mkdir"),
)
"""The programs of the bare host."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sshd, Sshd]]:
    """Two servers; to the first, the programs of this computer are those of a bare host."""
    programs = tmp_path_factory.mktemp("bin")
    for name in THERE:
        (programs / name).symlink_to(str(shutil.which(name)))
    (programs / "apt-get").symlink_to("/bin/false")
    more = f"SetEnv PATH={programs} DOCKER_HOST=unix:///nowhere\n"
    folders = [tmp_path_factory.mktemp(name) for name in ("box", "gate")]
    with two_servers(*folders, more=more) as made:
        yield made


@pytest.fixture
def here(tmp_path: Path, servers: tuple[Sshd, Sshd]) -> Workstation:
    made = Workstation(tmp_path, *servers)
    made.sshd.known_hosts(made.known)
    with closed_port() as port:
        made.inv.env.update(INVOKE_OSPREY_FOLDER=f"{tmp_path}/osprey", INVOKE_OSPREY_SERVICE_PORT=str(port))
    return made


def rows(here: Workstation) -> tuple[dict[str, dict[str, Any]], Ran]:
    ran = here.inv("host.check", "--json", "-H", "box")
    return {row["name"]: row for row in json.loads(ran.out)["checks"]}, ran


def test_a_host_without_perl_is_checked_all_the_same(here: Workstation) -> None:
    found, ran = rows(here)
    assert ran.code == 3, ran.said
    assert found["perl"]["fix"] == "sudo apt-get install perl-base"
    lacks = [name for name in ("perl", "curl", "openssl") if found[name]["good"] is False]
    assert lacks == ["perl", "curl", "openssl"]
    assert (found["tar"]["good"], found["ps"]["good"]) == (True, True)
    assert found["host"]["found"].startswith("Linux, as ")
    assert found["disk"]["good"] is not None
    assert found["clock"]["good"] is True
    assert found["folder"]["good"] is None


def test_nothing_is_left_on_the_host(here: Workstation) -> None:
    rows(here)
    assert not (here.home / "osprey").exists()


def test_the_key_and_the_server_are_shown(here: Workstation) -> None:
    found = rows(here)[0]["ssh"]
    assert found["found"].startswith("OpenSSH_")
    assert found["found"].endswith("is trusted (ED25519)")


def test_a_host_whose_key_is_unknown_is_to_be_trusted_first(here: Workstation) -> None:
    here.known.write_text("")
    found, ran = rows(here)
    assert (ran.code, [*found], found["ssh"]["fix"]) == (4, ["ssh"], "inv host.trust box")
    assert "try: inv host.trust box" in ran.err


def test_a_jump_host_whose_key_is_unknown_leads_to_the_same_task(here: Workstation) -> None:
    ran = here.inv("host.check", "behind")
    assert (ran.code, "the host key of gate" in ran.err) == (4, True)
    assert "try: inv host.trust behind" in ran.err


def test_a_computer_is_checked_without_ssh(here: Workstation) -> None:
    ran = here.inv("host.check", "localhost")
    assert ran.code in (0, 3), ran.said
    assert "ssh       not needed: it is this computer" in ran.out
