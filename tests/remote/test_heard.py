"""What is heard of a line while it goes on."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ospreyops.console import Console, Screen
from ospreyops.remote.background import Background
from ospreyops.remote.command import Command, sh
from ospreyops.remote.heard import waited_for
from ospreyops.remote.host import Host
from ospreyops.settings import HERE, Settings


@pytest.fixture
def host() -> Host:
    return Host(Settings(HERE), Console(Screen(), HERE))


def test_a_question_is_waited_for_until_its_own_answer_comes(host: Host, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "slow")
    questions = {"quick": Command("echo 1", 60), "slow": sh("cat {file}", file=f"{tmp_path}/slow", limit=60)}
    with host.console.doing("looking") as activity:
        asked = Background(lambda: host.ask(questions))
        while activity.left != {"slow"}:
            assert not asked.over
            threading.Event().wait(0.01)
        (tmp_path / "slow").write_text("2")
        answers = asked.result()
        assert activity.left == set()
    assert [answers[name].out.strip() for name in questions] == ["1", "2"]


def test_the_bytes_that_a_program_counts_are_in_the_bar_and_not_in_its_errors(host: Host) -> None:
    line = "echo one >&2; echo ospreyops: 5 of 10 >&2; echo two >&2"
    with host.console.progress() as bar:
        answer = host.run(Command(line, 20))
    assert (bar.done, bar.total) == (5, 10)
    assert answer.err.splitlines() == ["one", "two"]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("VBoxManage showvminfo osprey-service --machinereadable", "VBoxManage"),
        ("f=~/.docker/machine/df.txt; df -Pk $f", "df"),
        ("cat ~/.docker/machine/x.json", "store"),
    ],
)
def test_what_a_question_waits_for_is_its_program_or_its_name(line: str, word: str) -> None:
    assert waited_for("store", Command(line, 5)) == word
