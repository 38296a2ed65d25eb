"""The folders of the settings come whole to what runs on a host, whatever signs they have."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ospreyops import lines
from ospreyops.change import history, lock
from ospreyops.daemon import pythons
from ospreyops.delivery.extract import Extract
from ospreyops.delivery.upload import Upload
from ospreyops.goals import service
from ospreyops.goals.image import loaded
from ospreyops.look import host, place
from ospreyops.look.state import state
from ospreyops.release import Release
from ospreyops.remote.command import Answer, Command
from ospreyops.settings import Settings
from ospreyops.tools.docker_machine import DockerMachine
from ospreyops.tools.guest import inside
from ospreyops.tools.vboxmanage import VBoxManage
from tests.sim.seen import seen
from tests.worlds import running

NEW = Release("0.4")
PATHS = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), min_size=1, max_size=40).map(
    lambda text: f"/srv/{text}x"
)
"""Paths that the settings take; the last sign is none that is taken away."""


def of_host(path: str) -> Iterator[Command]:
    """The lines that are about the service's folder."""
    facts, target = seen(running(), folder=path, state_folder="", logs={"osprey-service.log": 10**9})
    own = Settings("box", folder=path, archive=path)
    yield from host.in_folder(path, path).values()
    yield from (place.question(own), history.question(path, 5), lock.question(path))
    yield from (lock.ending(path, 7, sudo=True), lines.load(facts, target, path, NEW))
    yield from (lines.load_gated(facts, target, path, NEW), lines.remove_release(facts, "0.3"))
    yield lines.start(facts, target, NEW, f"{path}/0.4", 44342)
    yield from (step.do for step in service.log_trimmed(facts) if isinstance(step.do, Command))
    yield from (Extract(NEW, f"{path}/a.tar", f"{path}/0.4").command, Command(shown(path), 1))
    assert list(loaded(facts, target, NEW))


def of_vm(path: str) -> Iterator[Command]:
    """The lines that are about docker-machine's store, VirtualBox's registry and the host's Python."""
    own = Settings("mac", vm_store=path, vm_registry=path, python=path)
    machine, vbox = DockerMachine(own), VBoxManage(own)
    yield from (machine.start(), machine.store(), machine.ssh("date"), vbox.show(), *pythons.questions(own).values())
    yield Command(inside("date", machine, vbox), 1)


def shown(path: str) -> str:
    """What the host's shell is given by the line that is shown for an upload."""
    return shlex.split(str(Upload(Path("a.tar"), f"{path}/a.tar", "box")))[2]


@settings(max_examples=25, deadline=None)
@example(path="/srv/ !\\'\"$`\\\\'é ü~%:,{file}{vm}-${HOME}x")
@given(path=PATHS)
def test_a_folder_is_the_same_in_each_line_that_names_it(path: str) -> None:
    for command in (*of_host(path), *of_vm(path)):
        assert any(path in word for word in shlex.split(command.line)), command.line
        subprocess.run(["sh", "-nc", command.line], check=True, timeout=20)


def test_a_host_names_the_folder_of_what_it_remembers_as_it_is(tmp_path: Path) -> None:
    """The shell's own echo takes a backslash for a sign of its own."""
    folder = str(tmp_path / "a\\tb\\nc\\\\d é")
    said = subprocess.check_output(["sh", "-c", host.in_folder(folder, folder)["state"].line], text=True, timeout=20)
    assert state("", {**{name: Answer(1) for name in host.in_folder("", "")}, "state": Answer(0, said)}).files == (
        f"{folder}/.ospreyops"
    )
