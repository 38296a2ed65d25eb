"""A line that failed in a way that is known is done again after what helps, each remedy once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ospreyops.console import Console, Screen
from ospreyops.errors import Failed
from ospreyops.remote.command import sh
from ospreyops.remote.host import Host
from ospreyops.settings import HERE, Settings
from ospreyops.step import Remedy, Retried

FAILS = "echo try >>{log}; [ $(grep -c try {log}) -gt {times} ] || { echo {words} >&2; exit 1; }"


def tried(tmp_path: Path, times: int, words: str = "locked") -> list[str]:
    """What happened: each try of a line that fails so often, and each remedy."""
    log = tmp_path / "log"
    remedies = tuple(Remedy("locked", sh("echo {one} >>{log}", one=one, log=log, limit=9)) for one in ("one", "two"))
    line = sh(FAILS, log=log, times=times, words=words, limit=9)
    try:
        Retried(line, remedies).perform(Host(Settings(HERE), Console(Screen(), "here")))
    except Failed:
        return [*log.read_text().split(), "failed"]
    return log.read_text().split()


@pytest.mark.parametrize(
    ("times", "happened"),
    [(0, "try"), (1, "try one try"), (2, "try one try two try"), (3, "try one try two try failed")],
)
def test_each_remedy_is_tried_once_in_its_turn(tmp_path: Path, times: int, happened: str) -> None:
    assert tried(tmp_path, times) == happened.split()


def test_a_failure_that_no_remedy_is_for_is_told_at_once(tmp_path: Path) -> None:
    assert tried(tmp_path, 1, "no such machine") == ["try", "failed"]
