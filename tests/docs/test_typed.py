"""The commands of the README and of the walkthrough do what these say, on simulated hosts or on this computer."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from tests.conftest import PROJECT, Inv, said, simulate
from tests.docs.commands import Typed, typed
from tests.sim.answers import EPOCH
from tests.sim.daemons import Mac
from tests.sim.host import SimHost
from tests.sim.mac import SimMac
from tests.workstation import QUESTION, Workstation, two_servers
from tests.worlds import deployed, running, serving, with_fault

World = Callable[[], SimHost]


def upgraded() -> SimHost:
    """A Mac that 0.3 and 0.4 were deployed to."""
    mac = serving()
    assert simulate("deploy --version 0.4 -H sim", mac).code == 0
    return mac


def released() -> SimHost:
    """A server that 0.3 and 0.4 were deployed to."""
    return deployed(simulate, "0.3", "0.4")


def watched() -> SimHost:
    """A Mac with a watchdog."""
    mac = Mac()
    assert simulate("watch.install -H sim", mac).code == 0
    return mac


def right() -> SimHost:
    """A server that lacks nothing, whose clock is this computer's."""
    host = running()
    host.now = time.time() - EPOCH
    return host


def stopped() -> SimHost:
    """A Mac whose container was killed."""
    return with_fault("service")


WALKTHROUGH: dict[str, tuple[World, int]] = {
    "machine.create": (lambda: SimMac(vm=""), 0),
    "machine.status": (SimMac, 0),
    "machine.env": (serving, 0),
    "image.load --version 0.3": (SimMac, 0),
    "image.list": (serving, 0),
    "service.start --version 0.3": (SimMac, 0),
    "service.status": (serving, 0),
    "net.check": (serving, 0),
    "deploy --version 0.4": (serving, 0),
    "rollback": (upgraded, 0),
    "service.drain": (serving, 0),
    "service.stop": (serving, 0),
    "fix.clock": (lambda: with_fault("clock"), 0),
    "status": (lambda: with_fault("paused"), 2),
    "fix.paused": (lambda: with_fault("paused"), 0),
    "doctor": (stopped, 2),
    "heal": (stopped, 0),
    "fix.sleep --yes": (lambda: with_fault("sleep"), 0),
    "watch.install": (Mac, 0),
    "watch.status": (watched, 0),
    "history --lines 7": (upgraded, 0),
}
"""What the walkthrough types on olympias -> the state of the host, and how it ends."""
WALKTHROUGH_ELSEWHERE = {
    "machine.ssh --command 'docker ps'": "runs a line that no simulated VM knows: tests/runbook/test_machine.py",
    "--dry deploy …": "stands for any dry run: it is typed in the README",
    "make lab": "as in the README",
}
"""What of the walkthrough is not typed here, and why."""
README: dict[str, tuple[World, int]] = {
    "host.check lab": (right, 0),
    "deploy 0.3": (SimHost, 0),
    "deploy 0.4": (running, 0),
    "--dry deploy 0.4": (running, 0),
    "status": (running, 0),
    "rollback": (released, 0),
    "doctor": (running, 0),
    "heal": (stopped, 0),
    "history": (released, 0),
    "watch.install": (Mac, 0),
}
README_ELSEWHERE = {
    "": "prints the page of every day: tests/config",
    "init": "below, on a terminal",
    "host.add box --address 10.0.0.8 --user jeff": "below, with init",
    "host.trust lab": "below, before a real SSH server",
    "service.logs -f": "below: it goes on until Ctrl-C",
    "deploy 0.3 --from osprey-service-docker-0.3.tar": "sends a real archive: tests/lab/test_upload.py",
    "make demo": "tests/lab/test_demo.py",
    "make demo PORT=44392": "tests/lab/test_demo.py, with another port",
    "make demo-clean": "tests/lab/test_demo.py",
    "make test": "runs this test",
    "make lab": "starts a VM: the fixtures of tests/lab/olympias do the same",
    "make": "tests/house/test_make.py",
    "make docs": "takes libraries that nothing else needs: run by hand, and the links are checked here, too",
}
"""What of the README is not typed on a simulated host, and why, or where it is."""


def lines(page: str) -> set[str]:
    """The commands of a page without the name of the program and of the host."""
    found = [command.text for command in typed(PROJECT / page)]
    return {re.sub(r"^(?:inv|ospreyops) ?| -H \S+$", "", text) for text in found}


def ran(line: str, world: World) -> int:
    host = world()
    host.name = "lab"
    words = Typed("", f"inv {line}").words
    return simulate(words if "host.check" in line else [*words, "-H", "lab"], host).code


@pytest.mark.parametrize("line", WALKTHROUGH)
def test_what_the_walkthrough_types_ends_as_it_says(line: str) -> None:
    world, code = WALKTHROUGH[line]
    assert ran(line, world) == code


@pytest.mark.parametrize("line", README)
def test_what_the_readme_types_ends_as_it_says(line: str) -> None:
    world, code = README[line]
    assert ran(line, world) == code


@pytest.mark.parametrize(
    ("page", "known"),
    [
        ("README.md", {*README, *README_ELSEWHERE}),
        ("docs/walkthrough.md", {*WALKTHROUGH, *WALKTHROUGH_ELSEWHERE}),
    ],
)
def test_no_command_of_these_pages_is_left_out(page: str, known: set[str]) -> None:
    assert lines(page) == known


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Workstation]:
    """A workstation before a host whose key it does not know."""
    folders = [tmp_path / name for name in ("box", "gate", "home")]
    for folder in folders:
        folder.mkdir()
    with two_servers(*folders[:2]) as servers:
        yield Workstation(folders[2], *servers)


def test_the_readmes_first_host_is_named_and_trusted_and_a_second_one_is_added(there: Workstation) -> None:
    there.inv.env["XDG_CONFIG_HOME"] = f"{there.home}/.config"
    child = there.inv.terminal("init")
    answers = {"Name of the first host": "lab", "Address": "box", "User": "", "Where does Docker run": "", "Folder": ""}
    for question, answer in answers.items():
        child.expect(question)
        child.sendline(answer)
    assert said(child).code == 0
    added = there.inv("host.add", "box", "--address", "10.0.0.8", "--user", "jeff")
    assert added.code == 0, added.said
    trusted = there.trust("yes", "lab")
    assert trusted.code == 0 and QUESTION not in trusted.err, trusted.said
    assert {"lab", "box"} <= {row.split()[0] for row in there.inv("hosts").out.splitlines()}


def test_the_readmes_log_goes_on_with_new_lines_until_ctrl_c(tmp_path: Path) -> None:
    log = tmp_path / "osprey-service.log"
    log.write_text("first\n")
    shown = Inv({"INVOKE_OSPREY_FOLDER": str(tmp_path)}).start("service.logs", "-f", "-H", "localhost")
    assert shown.stdout
    assert shown.stdout.readline() == "first\n"
    with log.open("a") as file:
        file.write("second\n")
    assert shown.stdout.readline() == "second\n"
    shown.send_signal(signal.SIGINT)
    assert shown.wait(60) == 0
