"""A home that several hosts share: what each remembers is its own, and what an older version left is not lost."""

from __future__ import annotations

import os
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ospreyops.change import history, lock
from ospreyops.look import state
from ospreyops.remote.command import Answer, Command
from ospreyops.remote.files import claimed, found
from ospreyops.remote.protocol import batch, parse_batch, with_timeout
from ospreyops.remote.streams import LocalStream
from tests.worlds import HOLDER

GOOD = '{{"version": "{}", "since": "2026-01-01T00:00:00Z", "by": "jeff@phil"}}'


@dataclass
class Sharer:
    """A host of that name, with this computer's programs and a folder of it. bin: where its own `uname` lies."""

    name: str
    folder: Path
    bin: Path

    def __post_init__(self) -> None:
        self.bin.mkdir(parents=True)
        (self.bin / "uname").write_text(f"#!/bin/sh\necho {self.name}\n")
        (self.bin / "uname").chmod(0o755)

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}"}

    def sh(self, line: str) -> str:
        done = subprocess.run(["sh", "-c", line], env=self.env, capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stream(self, command: Command) -> LocalStream:
        return LocalStream(f"PATH={self.bin}:$PATH; {with_timeout(command)}", b"")

    def take(self) -> Any:
        any_host: Any = self
        return lock.take(any_host, str(self.folder), HOLDER, sudo=False)

    def state(self) -> state.State:
        said = self.sh(batch(state.questions(str(self.folder))))
        return state.state("", parse_batch(said))

    def change(self, task: str) -> str:
        """A task that changes something; the folder of what the host remembers."""
        lease = self.take()
        assert isinstance(lease, lock.LockLease), lease
        lease.end({"when": "now", "task": task, "outcome": "ok", "steps": [1]})
        return lease.files

    def told(self) -> list[str]:
        return [entry["task"] for entry in history.entries(self.sh(history.question(str(self.folder), 99).line))[0]]

    def record(self, version: str) -> None:
        files = self.change(f"deploy {version}")
        Path(files, "wanted").write_text(GOOD.format(version))

    def clear(self) -> None:
        Path(self.change("service.stop"), "wanted").unlink(missing_ok=True)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Sharer, Sharer]:
    return Sharer("phil", tmp_path / "home", tmp_path / "a"), Sharer("jerry", tmp_path / "home", tmp_path / "b")


def test_what_an_older_version_left_is_read_and_belongs_to_the_host_that_changes_something_first(
    two: tuple[Sharer, Sharer],
) -> None:
    phil, jerry = two
    files = phil.folder / ".ospreyops"
    files.mkdir(parents=True)
    (files / "wanted").write_text(GOOD.format("0.3"))
    (files / "healthy").write_text("0.2\n0.3\n")
    assert phil.state().desired == jerry.state().desired is not None
    assert phil.change("one") == str(files)
    assert phil.state().desired and phil.state().proven == ("0.2", "0.3")
    assert jerry.state().files.startswith(f"{files}/jerry-")
    assert (jerry.state().desired, jerry.state().proven) == (None, ())
    assert sorted(path.name for path in files.iterdir()) == [
        *("healthy", "history.jsonl", "host", "line", "lock", "wanted")
    ]


def test_a_host_alone_has_its_files_where_they_always_were(two: tuple[Sharer, Sharer]) -> None:
    phil = two[0]
    for number in range(2):
        assert phil.change(str(number)) == f"{phil.folder}/.ospreyops"
    assert phil.told() == ["0", "1"]
    assert phil.state().damaged == {}


@pytest.mark.parametrize("seed", range(6))
def test_no_host_clears_overwrites_or_locks_what_another_remembers(two: tuple[Sharer, Sharer], seed: int) -> None:
    draw = random.Random(seed)
    desired: dict[str, str] = {}
    told: dict[str, list[str]] = {"phil": [], "jerry": []}
    for _ in range(8):
        host, other = draw.sample(two, 2)
        held = other.take() if draw.random() < 0.3 else None
        if draw.random() < 0.6:
            version = draw.choice(["0.3", "0.4", "1.0"])
            host.record(version)
            desired[host.name] = version
            told[host.name].append(f"deploy {version}")
        else:
            host.clear()
            desired.pop(host.name, None)
            told[host.name].append("service.stop")
        if held:
            assert isinstance(held, lock.LockLease)
            held.end(None)
        for each in two:
            found = each.state().desired
            assert (found and found.version) == desired.get(each.name)
            assert each.told() == told[each.name]


def test_two_hosts_that_begin_at_once_do_not_take_the_same_folder(two: tuple[Sharer, Sharer]) -> None:
    for number in range(10):
        folder = two[0].folder / str(number)
        begun = [
            subprocess.Popen(
                ["sh", "-c", f'{claimed(str(folder))}echo "$d"'], env=host.env, stdout=subprocess.PIPE, text=True
            )
            for host in two
        ]
        assert len({process.communicate(timeout=20)[0] for process in begun}) == 2
        assert not [path for path in (folder / ".ospreyops").iterdir() if path.name.startswith("host.")]


def test_a_host_by_another_name_is_told_how_it_gets_its_files_back(two: tuple[Sharer, Sharer]) -> None:
    """The same computer was renamed, or is a copy of another one's disk: only a person can know."""
    phil, jerry = two
    phil.record("0.3")
    damaged = jerry.state().damaged
    if not Path("/etc/machine-id").exists():
        assert damaged == {}
        return
    assert damaged.keys() == {"host"} and damaged["host"].startswith("it names phil-")
    jerry.change("a deploy")
    assert jerry.state().damaged == {}
    assert phil.state().damaged == {} and phil.state().desired


@pytest.mark.parametrize("content", ["", "\0\0\0"])
def test_a_claim_that_is_damaged_is_named_and_nobodys_files_are_taken(two: tuple[Sharer, Sharer], content: str) -> None:
    phil, _ = two
    phil.record("0.3")
    (phil.folder / ".ospreyops/host").write_text(content)
    assert phil.state().files != f"{phil.folder}/.ospreyops"
    if not content:
        assert phil.state().damaged == {"host": "it names no host"}


def test_a_mac_is_known_by_its_hardware(two: tuple[Sharer, Sharer], tmp_path: Path) -> None:
    """Its name changes with its network."""
    phil, _ = two
    ioreg = phil.bin / "ioreg"
    ioreg.write_text('#!/bin/sh\necho \'    "IOPlatformUUID" = "1234-ABCD"\'\n')
    ioreg.chmod(0o755)
    (phil.folder / ".ospreyops").mkdir(parents=True)
    (phil.folder / ".ospreyops/host").write_text("mac-1234-ABCD\n")
    line = found(str(phil.folder)).replace("/etc/machine-id", "/no/such/file")
    assert phil.sh(f'{line}echo "$d"') == f"{phil.folder}/.ospreyops\n"


def test_answers_of_a_host_that_names_no_folder_have_the_usual_one() -> None:
    answers = dict.fromkeys(state.questions("/x"), Answer(0))
    assert state.state("/x/.ospreyops", {**answers, "desired": Answer(1)}).files == "/x/.ospreyops"
