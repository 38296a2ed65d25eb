"""One writer at a time: real tasks on this computer, stopped, killed and cut off wherever they are."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from tests.change.writer import GO
from tests.conftest import PROJECT

PATIENCE = 60
STEPS = 3
QUICK, SLOW = "0.1", "1.2"
"""Seconds that a step takes: less than a task may be silent, and more."""
Stops = Callable[["World", subprocess.Popen[str]], None]


class World:
    """A folder that several tasks change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tasks: list[subprocess.Popen[str]] = []

    def start(self, name: str, seconds: str = QUICK, steps: int = STEPS) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "tests.change.writer", str(self.folder), name, str(steps), seconds]
        with (self.folder / f"{name}.said").open("w") as said:
            task = subprocess.Popen(words, cwd=PROJECT, stderr=said, text=True, start_new_session=True)
        self.tasks.append(task)
        return task

    def journal(self) -> list[tuple[str, str, str]]:
        """(begin or end, task, step) in their order."""
        file = self.folder / "journal"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(kind, name, step) for kind, name, step in map(str.split, lines)]

    def until(self, *entry: str) -> None:
        """Wait until that is in the journal."""
        end = time.monotonic() + PATIENCE
        while entry not in self.journal():
            assert time.monotonic() < end, (entry, self.journal())
            time.sleep(0.005)

    def said(self, name: str, words: str = "") -> str:
        """What a task has said of itself, once these words are in it."""
        end = time.monotonic() + PATIENCE
        while words not in (text := (self.folder / f"{name}.said").read_text()):
            assert time.monotonic() < end, text
            time.sleep(0.02)
        return text

    def go(self, name: str, step: int) -> None:
        """Have that step of the task end."""
        (self.folder / f"go-{name}-{step}").touch()

    def noted(self, name: str) -> dict[str, int]:
        """The processes that hold the lock, and that run the line."""
        if name == "lock":
            return {"hold": json.loads((self.folder / ".ospreyops/lock").read_text().splitlines()[0])["perl"]}
        guard, limit = (self.folder / ".ospreyops/line").read_text().split()[2:4]
        return {"guard": int(guard), "limit": int(limit)}

    def check(self) -> None:
        """No line ran while another did, and no task's steps are among another's."""
        found = self.journal()
        for begin, end in zip(found[::2], found[1::2]):
            assert (begin[0], end[0], begin[1:]) == ("begin", "end", end[1:]), found
        names = [name for name, _ in itertools.groupby(name for _, name, _ in found)]
        assert len(names) == len(set(names)), found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    for task in made.tasks:
        if task.poll() is None:
            os.killpg(task.pid, signal.SIGCONT)
            os.killpg(task.pid, signal.SIGKILL)
        task.wait()


def ended(task: subprocess.Popen[str]) -> int:
    return task.wait(PATIENCE)


@pytest.mark.parametrize("step", range(1, STEPS + 1))
@pytest.mark.parametrize(("where", "seconds"), [("begin", QUICK), ("end", QUICK), ("begin", SLOW)])
def test_a_task_that_was_stopped_and_goes_on_late_writes_nothing_more(
    world: World, step: int, where: str, seconds: str
) -> None:
    """A laptop that sleeps in the middle of a line, or between two, while somebody else takes over."""
    late = world.start("late", seconds)
    world.until(where, "late", str(step))
    late.send_signal(signal.SIGSTOP)
    other = world.start("other")
    assert ended(other) == 0
    before = world.journal()
    late.send_signal(signal.SIGCONT)
    code = ended(late)
    world.check()
    assert world.journal() == before
    written = [entry for entry in before if entry[:2] == ("end", "late")]
    assert len(written) == step or (len(written) == step + 1 and where == "end")
    if len(written) < STEPS:
        assert code == 3 and "the lock of localhost was lost" in world.said("late")


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("victim", ["task", "hold", "guard", "limit", "lock", "hold and guard"])
def test_whatever_is_killed_inside_a_line_nobody_else_begins_before_that_line_has_ended(
    world: World, step: int, victim: str
) -> None:
    """The task; the program that holds the lock, as when a connection is cut; those that run the line; the file."""
    first = world.start("first", GO)
    for before in range(1, step):
        world.go("first", before)
    world.until("begin", "first", str(step))
    if victim == "lock":
        (world.folder / ".ospreyops/lock").unlink()
    known = {**({} if victim == "lock" else world.noted("lock")), **world.noted("line")}
    for name in victim.split(" and ") if victim != "lock" else []:
        os.kill(first.pid if name == "task" else known[name], signal.SIGKILL)
    other = world.start("other")
    if victim in ("task", "hold", "lock"):
        said = world.said("other", "of which this line goes on: echo begin first")
        assert re.search(r"begun \d+ s ago \(.* UTC\); ends in .* at the latest", said)
    for left in range(step, STEPS + 1):
        world.go("first", left)
    assert ended(other) == 0, world.said("other")
    world.check()
    assert ended(first) != 0 or victim == "limit"
    assert ("end", "first", str(step)) in world.journal()


@pytest.mark.parametrize("seed", range(3))
def test_three_tasks_that_are_stopped_and_killed_at_random_never_write_at_once(world: World, seed: int) -> None:
    draw = random.Random(seed)
    for round_ in range(3):
        running = [world.start(f"{name}{round_}", draw.choice([QUICK, "0.9"])) for name in ("a", "b", "watch")]
        end = time.monotonic() + 4
        while time.monotonic() < end:
            task = draw.choice(running)
            task.send_signal(draw.choice([signal.SIGSTOP, signal.SIGCONT, signal.SIGCONT]))
            time.sleep(draw.random() * 0.4)
            if draw.random() < 0.05:
                task.kill()
        for task in running:
            task.send_signal(signal.SIGCONT)
    for task in world.tasks:
        ended(task)
    last = world.start("last")
    assert ended(last) == 0
    world.check()
    assert len(world.journal()) > 2 * STEPS
