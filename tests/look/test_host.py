"""What a look asks of a host, with the real questions on this computer and with what other computers say."""

from __future__ import annotations

import getpass
import os
import socket
import time
from pathlib import Path
from typing import Any, Optional

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ospreyops.errors import Blocked
from ospreyops.facts.host import HostFacts, ScriptEnd, Unit
from ospreyops.look import Look
from ospreyops.look.host import LOG_LINES, host_facts, questions
from ospreyops.remote.command import Answer
from ospreyops.settings import Settings
from ospreyops.target import target
from tests.look.here import look
from tests.sim.host import SimHost

NAMES = tuple(questions(Settings("olympias")))
WHO = Answer(0, "Linux\njeff\n/home/jeff\n1630454400\n")
UNIT = """LoadState=loaded
ActiveState=active
FragmentPath=/usr/lib/systemd/system/osprey.service
WorkingDirectory=/opt/osprey
ExecStart={ path=/opt/osprey/osprey-service ; argv[]=/opt/osprey/osprey-service --version 0.3 ; pid=7 ; status=0/0 }
"""
WORDS = st.sampled_from(
    [
        "LISTEN",
        "\n",
        " ",
        "users:((",
        '"docker",pid=1',
        "LoadState=loaded",
        "ExecStart=",
        "--version",
        "0.3",
        "9" * 5000,
    ]
)
OUTPUT = st.text() | st.lists(WORDS | st.text(max_size=5)).map("".join) | st.binary().map(lambda b: b.decode("latin-1"))
ANSWER = st.builds(Answer, st.integers(-1, 255), OUTPUT, OUTPUT, st.booleans())


def told(folder: str = "~/osprey", **said: str) -> HostFacts:
    """The facts of a host that gives these answers, and else none."""
    found = {name: Answer(0 if name in said or name == "unit" else 1, said.get(name, "")) for name in NAMES}
    host = Answer(0, said.get("host", WHO.out))
    return host_facts(Settings("olympias", folder=folder), {**found, "host": host})


def release(folder: Path, version: str, script: bool = True) -> None:
    """An unpacked release."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"osprey-service-docker-{version}.tar.bz2").touch()
    if script:
        (folder / "osprey-service").touch()


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("folder", ["osprey", "my osprey's folder", "ü"])
def test_a_look_at_this_computer_tells_what_is_in_its_folders(tmp_path: Path, folder: str, shell: str) -> None:
    place, archive = tmp_path / folder, tmp_path / "a b"
    release(place / "1.0", "1.0")
    release(place / "0.3", "0.3", script=False)
    archive.mkdir()
    (archive / "osprey-service-docker-0.10.tar").write_bytes(b"tar")
    (archive / "osprey-service-docker-latest.tar").touch()
    (place / "osprey-service.log").write_text("".join(f"line {number}\n" for number in range(100)))
    (place / "osprey-service-24343.log").write_text("an older one\n")
    os.utime(place / "osprey-service-24343.log", (0, 0))
    (place / "osprey-service.ended").write_text("125\n")
    facts = look(Settings("localhost", folder=f"~/{folder}", archive=str(archive)), tmp_path, shell)
    assert (facts.user, facts.home, facts.folder) == (getpass.getuser(), str(tmp_path), str(place))
    assert facts.unpacked == {"1.0": f"{place}/1.0"}
    assert facts.archives == {"0.10": (f"{archive}/osprey-service-docker-0.10.tar", 3)}
    sizes = {log.name: log.stat().st_size for log in place.glob("*.log")}
    assert facts.logs == sizes and len(sizes) == 2
    assert facts.log_tail.splitlines() == [f"line {number}" for number in range(100 - LOG_LINES, 100)]
    assert (facts.script_end, facts.writable, abs(facts.now - time.time()) < 60) == (ScriptEnd(125), True, True)


def test_before_the_first_deploy_the_disk_that_the_folder_will_be_on_is_told(tmp_path: Path) -> None:
    facts = look(Settings("localhost", folder="~/not/yet/there", archive="/not/there"), tmp_path)
    there = os.statvfs(tmp_path)
    assert facts.disk_free is not None and facts.disk_free <= there.f_blocks * there.f_frsize
    assert (facts.writable, facts.unpacked, facts.archives, facts.script_end) == (True, {}, {}, None)
    assert (facts.logs, facts.log_tail) == ({}, "")


def test_the_one_who_listens_on_the_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert f"(pid {os.getpid()})" in str(look(Settings("localhost", service_port=port), tmp_path).listener)
    assert look(Settings("localhost", service_port=port), tmp_path).listener is None


@pytest.mark.parametrize(
    ("printed", "listener"),
    [
        ("", ""),
        ('LISTEN 0 4096 0.0.0.0:44342 0.0.0.0:* users:(("docker-proxy",pid=72,fd=4))\n', "docker-proxy (pid 72)"),
        ("LISTEN 0 4096 0.0.0.0:44342 0.0.0.0:*\n", "an unknown process (run with sudo to see it)"),
        (
            "VBoxHeadl 512 jeff 19u IPv4 0x5e 0t0 TCP *:44342 (LISTEN)\nVBoxHeadl 512 jeff 20u IPv6\n",
            "VBoxHeadl (pid 512)",
        ),
    ],
    ids=["nobody", "ss", "ss of a user", "lsof of a Mac"],
)
def test_a_listener_is_read_as_linux_and_mac_print_it(printed: str, listener: str) -> None:
    assert str(told(listener=printed).listener or "") == listener


@pytest.mark.parametrize(
    ("printed", "free"),
    [
        ("/dev/vda 264212084 24495148 81895764 24% /\nwritable\n", 81895764 * 1024),
        ("//jeff@nas/my share 100 40 60 40% /Volumes/my share\n", 60 * 1024),
        ("/dev/disk 1 2 3 100 40 60 40% /Volumes/1 2 3\n", 60 * 1024),
        ("/dev/disk1s1 100 120 -20 120% /\n", 0),
        ("map auto_home 0 0 0 100% /System/Volumes/Data/home\n", None),
        ("", None),
    ],
)
def test_the_free_space_is_read_whatever_the_disk_is_called(printed: str, free: Optional[int]) -> None:
    assert told(disk=printed).disk_free == free


def test_a_release_in_a_folder_of_its_own_is_preferred() -> None:
    folders = ("", "old/", "0.3/", "zzz/")
    listing = "".join(f"{folder}osprey-service-docker-0.3.tar.bz2\n" for folder in folders)
    assert told(unpacked=listing).unpacked == {"0.3": "/home/jeff/osprey/0.3"}


def test_a_release_right_in_the_folder_is_found() -> None:
    facts = told(unpacked="osprey-service-docker-0.3.tar.bz2\n")
    assert facts.unpacked == {"0.3": "/home/jeff/osprey"}


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("0.4/base:0.3", {"0.4": "0.3"}),
        ("0.4.before-1/base:0.3", {}),
        ("0.4/base:0.3?base:0.2", {}),
        ("0.4/base:", {}),
        ("x/0.4/base:0.3", {}),
    ],
)
def test_a_release_that_lies_on_another_one_is_read(row: str, found: dict[str, str]) -> None:
    assert told(unpacked=f"0.4/\n{row}\n").parts == found


def test_the_systemd_unit_is_read() -> None:
    path = "/usr/lib/systemd/system/osprey.service"
    assert told(unit=UNIT).unit == Unit("active", path, "/opt/osprey", "0.3")


@pytest.mark.parametrize("printed", ["", "LoadState=not-found\nActiveState=inactive\n", "System has not been booted\n"])
def test_a_host_without_the_systemd_unit_has_none(printed: str) -> None:
    assert told(unit=printed).unit is None


@pytest.mark.parametrize("folder", ["~/osprey", "~/osprey/", "/home/jeff/osprey", "/home/jeff/osprey/"])
def test_a_folder_is_the_same_however_it_is_written(folder: str) -> None:
    assert told(folder).place("0.3") == "/home/jeff/osprey/0.3"


def test_a_home_folder_with_a_space_is_understood() -> None:
    assert told(host="Darwin\njeff martin\n/Users/jeff martin\n1\n").folder.startswith("/Users/jeff martin/osprey")


def test_a_host_that_does_not_say_who_it_is_stops_the_look_with_its_words() -> None:
    silent = dict.fromkeys(NAMES, Answer(0))
    with pytest.raises(Blocked, match="olympias did not say what it is") as refused:
        host_facts(Settings("olympias"), {**silent, "host": Answer(1, "Linux\n", "id: cannot find name")})
    assert refused.value.evidence == "id: cannot find name"


def test_a_systemd_that_cannot_be_asked_stops_the_look() -> None:
    late = {**dict.fromkeys(NAMES, Answer(0)), "host": WHO, "unit": Answer(-1, late=True)}
    with pytest.raises(Blocked, match="systemd on olympias cannot be asked: it did not end in time"):
        host_facts(Settings("olympias"), late)


@settings(deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(NAMES, ANSWER)))
def test_whatever_a_host_answers_it_is_facts_or_a_stop(said: dict[str, Answer]) -> None:
    facts = host_facts(Settings("olympias"), {**said, "host": WHO, "unit": Answer(0, said["unit"].out)})
    assert facts.user == "jeff"
    assert facts.disk_free is None or facts.disk_free >= 0


@settings(deadline=None)
@given(ANSWER)
def test_whatever_a_host_says_of_itself_it_is_facts_or_a_stop(answer: Answer) -> None:
    system, refused = "", None
    try:
        system = host_facts(Settings("olympias"), {**dict.fromkeys(NAMES, Answer(0)), "host": answer}).system
    except Blocked as error:
        refused = error.case
    assert system in answer.out if refused is None else "olympias" in refused


@pytest.mark.parametrize(("address", "url"), [("192.0.2.7", "https://192.0.2.7:44342"), ("::1", "https://[::1]:44342")])
def test_users_are_expected_at_the_hosts_own_address(address: str, url: str) -> None:
    host: Any = SimHost(address=address)
    assert Look(host, target(Settings("sim"))).public_url() == url
