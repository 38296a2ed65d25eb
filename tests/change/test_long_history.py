"""A history that is longer than an answer of a host: its newest lines are shown, and no whole one is called torn."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from ospreyops.change import history
from ospreyops.console import Console, Screen
from ospreyops.remote import protocol
from tests.sim.host import SimHost
from tests.sim.site import sim_site
from tests.worlds import Sim


def written(folder: Path, count: int, text: str = "x" * 400) -> None:
    """A history of so many lines."""
    file = folder / ".ospreyops/history.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    entry = {"when": "2026-01-01T00:00:00Z", "outcome": "ok", "before": text}
    rows = [json.dumps({"task": f"t{number}", **entry}, ensure_ascii=False) for number in range(count)]
    file.write_text("".join(f"{row}\n" for row in rows))


@pytest.mark.parametrize("text", ["x" * 400, "é" * 400, "日本" * 200])
def test_the_newest_are_shown_and_it_is_said_that_older_ones_are_left_out(sim: Sim, text: str) -> None:
    host = SimHost()
    written(host.files, 5000, text)
    shown = sim("history --lines 10000 -H sim", host)
    assert ") t4999\n" in shown.out and ") t0\n" not in shown.out
    assert "cannot be read" not in shown.out
    told = json.loads(sim("history --json --lines 10000 -H sim", host).out)
    assert (told["torn"], told["cut"]) == (0, True)
    tasks = [entry["task"] for entry in told["history"]]
    assert tasks == [f"t{number}" for number in range(5000 - len(tasks), 5000)] and len(tasks) > 500
    assert f"these are the newest {len(tasks)}: an answer of a host holds no more" in shown.out


def test_a_history_that_fits_is_shown_whole(sim: Sim) -> None:
    host = SimHost()
    written(host.files, 300)
    told = json.loads(sim("history --json --lines 10000 -H sim", host).out)
    assert (len(told["history"]), told["torn"], told["cut"]) == (300, 0, False)
    assert len(json.loads(sim("history --json --lines 5 -H sim", host).out)["history"]) == 5


def test_the_end_of_a_history_comes_whole_through_a_look(tmp_path: Path) -> None:
    written(tmp_path, 5000)
    line = protocol.batch({"history": history.question(str(tmp_path), 10000)})
    printed = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=20).stdout
    text, cut = history.newest(protocol.parse_batch(printed)["history"].out)
    found, torn = history.entries(text)
    assert (found[-1]["task"], torn, cut) == ("t4999", 0, True)


def test_a_sample_of_the_watchdog_does_not_join_a_line_that_was_torn(tmp_path: Path) -> None:
    host = SimHost(files=tmp_path)
    written(tmp_path, 1)
    file = tmp_path / ".ospreyops/history.jsonl"
    file.write_text(file.read_text() + '{"task": "torn')
    site = sim_site(host, Console(Screen(), "sim"))
    history.sample(site.host, site.console, site.look(), "healthy")
    found, torn = history.entries(file.read_text())
    assert ([entry["task"] for entry in found], torn) == (["t0", "watch"], 1)
