"""Whole screens, as a person sees them: compared to those that are kept, and while a terminal changes or is closed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.screens import FOLDER, SCREENS, WIDTHS, captured, listed
from tests.terminal import Terminal

SIM = ("-m", "tests.sim.on_terminal")
DEPLOY = ("deploy", "--version", "0.4", "-H", "sim")


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_as_it_is_kept(name: str, columns: int) -> None:
    assert captured(name, columns) == (FOLDER / f"{name}-{columns}.txt").read_text("utf-8")


def test_all_screens_are_listed_and_no_others_are_kept() -> None:
    assert (FOLDER / "README.md").read_text("utf-8") == listed()
    kept = {f"{name}-{width}.txt" for name in SCREENS for width in WIDTHS}
    assert {path.name for path in FOLDER.glob("*.txt")} == kept


@pytest.mark.parametrize("task", ["status", "image.list", "net.check", "machine.status"])
def test_the_tables_of_several_hosts_are_not_mixed(task: str) -> None:
    names = ["grisman-36", "olympias", "jerry"]
    lines = Terminal(*SIM, "three", task, "-H", ",".join(names)).end()
    hosts = [line.partition(" ")[0] for line in lines if " | " in line]
    assert len([1 for before, host in zip(["", *hosts], hosts) if before != host]) == len(names)


def test_an_upgrade_is_one_screen() -> None:
    lines = (FOLDER / "upgrade-80.txt").read_text("utf-8").splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80


def test_a_failed_deploy_says_first_and_last_who_serves() -> None:
    told = " ".join((FOLDER / "failed-deploy-120.txt").read_text("utf-8").partition("✗ ")[2].split())
    assert told.startswith("the rollout of 0.4 failed; 0.3 goes on, running since 2026-01-01 00:00 UTC why: gave up")
    assert "log: inv service.logs 0.4 --failed -H sim" in told
    assert told.endswith("service: osprey/service:0.3 still serves, users are not affected")


def test_a_look_says_at_once_what_goes_on() -> None:
    with Terminal(*SIM, "slow", "status", "-H", "sim") as terminal:
        assert "looking at sim…" in terminal.until(lambda text: bool(text.strip()))


def test_a_look_names_the_program_that_hangs(tmp_path: Path) -> None:
    hangs = tmp_path / "VBoxManage"
    hangs.write_text("#!/bin/sh\nexec sleep 60\n")
    hangs.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    looks = re.compile(r"looking at localhost… \d+ s, waiting for: VBoxManage *$", re.MULTILINE)
    env = {**os.environ, "PATH": path, "INVOKE_OSPREY_MACHINE": "virtualbox"}
    with Terminal("-m", "invoke", "status", env=env) as terminal:
        terminal.until(lambda text: looks.search(text) is not None)


def test_ctrl_c_leaves_a_whole_screen_and_a_cursor() -> None:
    with Terminal(*SIM, "slow", *DEPLOY) as terminal:
        terminal.until(lambda text: "looking at sim… 1 s" in text)
        terminal.child.sendintr()
        lines = terminal.end()
    assert lines[-1].startswith("✗ interrupted") or any(line.startswith("✗ interrupted") for line in lines)
    assert not any("looking at" in line for line in lines)
    assert terminal.raw.rindex(b"\x1b[?25h") > terminal.raw.rindex(b"\x1b[?25l")
    assert terminal.child.exitstatus == 130


def test_a_window_that_gets_narrower_gets_narrower_rows() -> None:
    with Terminal(*SIM, "slow", "status", "-H", "sim", columns=120) as terminal:
        terminal.until(lambda text: "looking at sim" in text)
        terminal.child.setwinsize(24, 12)
        terminal.until(lambda text: "looking…" in text)


def test_a_terminal_that_is_closed_ends_the_task_as_ctrl_c_does() -> None:
    script = "import os, sys; os.setsid(); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    leader, follower = os.openpty()
    words = [sys.executable, "-c", script, *SIM, "slow", *DEPLOY]
    with subprocess.Popen(words, cwd=PROJECT, stdin=follower, stdout=follower, stderr=follower) as child:
        try:
            os.close(follower)
            while "looking at sim… 1 s".encode() not in os.read(leader, 65536):
                pass
            os.close(leader)
            child.send_signal(signal.SIGHUP)
            assert child.wait(60) == 130
        finally:
            child.kill()


def test_plain_is_what_stays_without_colours_repaints_and_cuts_wherever_it_stands() -> None:
    said = []
    for words in (("--plain", *DEPLOY), (*DEPLOY, "-v", "--plain")):
        with Terminal(*SIM, "upgrade", *words, columns=60) as terminal:
            terminal.end()
        assert b"\x1b" not in terminal.raw and "…".encode() not in terminal.raw
        said.append(re.sub(r"\([0-9.]+ s", "(N s", terminal.raw.decode()))
    assert said[0] == said[1]
    assert "\r\n  ✓ osprey/service:0.3 still serves, as osprey-service-44342 (N s)\r\n" in said[0]
    assert re.search(r"\r\n  \$ docker rename osprey-service-44342 osprey-service-left-[^\r]{100,}\r\n", said[0])
