"""What a terminal shows while something goes on: a row for each host, which leaves no trace."""

from __future__ import annotations

import re
import threading

import pytest

from ospreyops.console import Console, activity
from ospreyops.console.painter import FRAMES
from ospreyops.errors import Blocked, Failed
from tests.consoles import STEP, in_files, on_terminal


@pytest.fixture(autouse=True)
def usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """A usual terminal, wherever the tests run."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_what_goes_on_is_shown_at_once_and_leaves_no_trace() -> None:
    with on_terminal() as (console, terminal):
        with console.doing("looking at olympias"):
            terminal.until(f"[{FRAMES}] looking at olympias…")
        console.success("good")
    assert terminal.shown() == ["✓ good"]


def test_what_has_not_answered_is_named() -> None:
    with on_terminal() as (console, terminal), console.doing("looking at olympias") as activity:
        activity.left.add("VBoxManage")
        terminal.until("looking at olympias… 1 s, waiting for: VBoxManage")
    assert terminal.shown() == []


def test_a_wait_tells_how_long_it_may_take_and_stays_while_it_is_looked_at_again() -> None:
    with on_terminal() as (console, terminal), console.doing("working on olympias"):
        with console.waiting("it starts", passed=12, limit=120):
            terminal.until("it starts · 12 of 120 s")
        with console.doing("looking at olympias"):
            terminal.until("it starts · 13 of 120 s")
    assert "looking" not in terminal.raw
    assert terminal.shown() == ["… it starts (13 s)"]


def test_a_step_on_a_terminal_leaves_its_outcome_and_its_line_cut_to_the_width() -> None:
    why, line, outcome = STEP[0], "echo " + "long " * 30, STEP[2]
    with on_terminal() as (console, terminal):
        with console.step(why, line, outcome):
            terminal.until(why)
        terminal.until("…")
    shown = terminal.shown()
    assert re.fullmatch(rf"✓ {outcome} \(\d\.\d s\)", shown[0])
    assert shown[1].startswith("  $ echo long") and shown[1].endswith("…") and len(shown) == 2


def test_a_step_that_fails_shows_its_whole_line() -> None:
    line = "echo " + "long " * 30 + "end"
    with on_terminal() as (console, terminal), pytest.raises(Failed), console.step(STEP[0], line, STEP[2]):
        raise Failed("no")
    shown = terminal.shown()
    assert shown[0].startswith(f"✗ {STEP[0]} (")
    assert "".join(shown[1:]).endswith("long end")


def test_with_v_a_step_is_whole() -> None:
    line = "echo " + "long " * 30 + "end"
    with on_terminal() as (console, terminal):
        console.verbose = True
        with console.step(STEP[0], line, STEP[2]):
            pass
    shown = terminal.shown()
    assert shown[0] == f"• {STEP[0]}" and "long end" in "".join(shown)


def test_a_long_line_goes_on_below_its_own_beginning() -> None:
    error = Blocked("the disk is full " * 8, evidence="df says " * 20)
    with on_terminal() as (console, terminal):
        console.screen.shared = True
        console.error(error)
    shown = terminal.shown()
    assert all(line.startswith("olympias   | ") for line in shown)
    lines = [line.removeprefix("olympias   | ") for line in shown]
    assert all(line.startswith(("  ", "✗ ")) for line in lines)
    assert sum(line.startswith("  | df") for line in lines) > 1


def test_a_bar_tells_bytes_rate_and_time_left_without_what_was_sent_before() -> None:
    with on_terminal() as (console, terminal), console.step(*STEP), console.progress(90_000_000) as bar:
        bar.resume(45_000_000)
        terminal.until(r"\[=+ +\] 50% 45 MB of 90 MB")
        bar.done += 22_500_000
        terminal.until(r"75% 68 MB of 90 MB, [0-9.]+ MB/s, \d+ s left")
    assert re.search(r"the service runs \(\d\.\d s, 22 MB, [0-9.]+ MB/s\)", terminal.shown()[0])


def test_several_hosts_have_a_row_each() -> None:
    with on_terminal() as (one, terminal):
        one.screen.shared = True
        two = Console(one.screen, "jerry")
        with one.doing("looking at olympias"), two.doing("looking at jerry"):
            terminal.until(rf"olympias   \| [{FRAMES}] looking at olympias…[^\n]*\r?\njerry      \| [{FRAMES}] looking")
    assert terminal.shown() == []


def test_what_goes_on_is_whole_on_a_single_host() -> None:
    told = "draining osprey/service:0.3: 2 connections (until 09:00 UTC at most; 0.4 serves already, Ctrl-C is safe)"
    with on_terminal() as (console, terminal), console.waiting(told):
        terminal.until(r"UTC at most; 0.4 *\r?\n  serves already, Ctrl-C is safe\)…")


def test_a_bar_that_has_no_room_beside_the_step_has_a_line_of_its_own() -> None:
    with (
        on_terminal() as (console, terminal),
        console.step(STEP[0] * 3, *STEP[1:]),
        console.progress(90_000_000) as bar,
    ):
        bar.done = 45_000_000
        terminal.until(r"not run *\r?\n  \[=+ +\] 50% 45 MB of 90 MB, [0-9.]+ .B/s, \d+ s left *\r?\n  \$ ")


def test_what_is_very_long_still_tells_how_long_it_takes() -> None:
    with on_terminal() as (console, terminal), console.waiting("it starts " * 40, limit=120):
        terminal.until(r"… · \d+ of 120 s")


def test_a_bar_that_has_no_room_beside_a_hosts_name_keeps_its_figures() -> None:
    with on_terminal() as (console, terminal):
        console.screen.shared = True
        with console.step("osprey/service:0.4 is not in Docker", *STEP[1:]), console.progress(90_000_000) as bar:
            bar.done = 45_000_000
            terminal.until(r"olympias   \| . osprey/service:0.4[^\n]*… 50% 45 MB of 90 MB, [0-9.]+ .B/s, \d+ s left")
    assert "[=" not in terminal.raw


def test_the_row_of_a_host_keeps_its_place_when_something_else_goes_on_there() -> None:
    with on_terminal() as (one, terminal):
        one.screen.shared = True
        two = Console(one.screen, "jerry")
        with two.doing("looking at jerry"):
            terminal.until("jerry")
            with one.doing("looking at olympias"):
                terminal.until(
                    rf"olympias   \| [{FRAMES}] looking at olympias…[^\n]*\r?\njerry      \| [{FRAMES}] looking"
                )


def test_off_a_terminal_what_takes_long_says_so_where_no_program_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "HEARTBEAT", 0)
    with in_files() as (console, out, err), console.doing("looking at olympias") as looked:
        looked.left.add("VBoxManage")
        while "waiting for: VBoxManage" not in err.getvalue():
            threading.Event().wait(0.1)
    assert out.getvalue() == ""
    assert "  ... looking at olympias… 1 s, waiting for: VBoxManage" in err.getvalue()


def test_a_long_row_goes_on_below_its_own_text() -> None:
    with on_terminal() as (console, terminal):
        console.row(True, "service", "runs " * 30)
    first, *more = terminal.shown()
    assert first.startswith("✓ service   runs") and more
    assert all(line.startswith(f"{'':<12}runs") for line in more)
