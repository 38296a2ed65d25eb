"""What is printed: on real pseudo-terminals, and into files and pipes."""

from __future__ import annotations

import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from ospreyops.cli import Session
from ospreyops.config.configuration import Configuration
from ospreyops.console import Console, Screen
from ospreyops.errors import Failed
from ospreyops.facts import Facts
from ospreyops.facts.engine import Container, EngineFacts
from ospreyops.facts.host import HostFacts, Unit
from ospreyops.facts.machine import MachineFacts, State
from ospreyops.facts.service import ProbeResult
from ospreyops.runbook import image, machine, net, service
from tests.consoles import ERROR, STEP, everything, in_files, on_terminal


@pytest.fixture(autouse=True)
def usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """A usual terminal, wherever the tests run."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_off_a_terminal_there_are_no_escape_codes_and_nothing_is_painted(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        everything(Console(Screen(), "olympias"))
    assert not set("\x1b\r\b") & set((tmp_path / "out").read_text("utf-8"))


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_has_no_colours_on_demand(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with on_terminal() as (console, terminal):
        everything(console)
    assert any("✓ good" in line for line in terminal.shown())
    assert not re.search(r"\x1b\[[0-9;]*m", terminal.raw)
    assert ("\x1b" in terminal.raw) == (value != "dumb")


def test_a_terminal_gets_colours() -> None:
    with on_terminal() as (console, terminal):
        everything(console)
    assert "✓ good" in terminal.shown()
    assert "\x1b[32m✓\x1b[0m good" in terminal.raw


def test_errors_in_a_file_have_no_escape_codes_though_the_rest_goes_to_a_terminal() -> None:
    err = io.StringIO()
    with on_terminal(err) as (console, terminal):
        everything(console)
    assert any("good" in line for line in terminal.shown())
    assert "the disk is full" in err.getvalue() and "\x1b" not in err.getvalue()


def test_an_error_goes_to_standard_error_and_tells_what_was_done_seen_and_what_to_try() -> None:
    with in_files() as (console, out, err):
        console.error(ERROR)
    assert out.getvalue() == ""
    told = "; ".join(line.strip() for line in err.getvalue().splitlines())
    assert told == "FAILED the disk is full; | df says; | 100%; completed: docker load; try: inv image.prune"


def test_a_step_tells_why_what_and_how_it_ended() -> None:
    with in_files() as (console, out, _):
        with console.step(*STEP):
            pass
        with pytest.raises(Failed), console.step(*STEP):
            raise Failed("no")
    lines = out.getvalue().splitlines()
    assert lines[:2] == ["* the service does not run", "  $ ./osprey-service --version 0.3"]
    assert lines[2].startswith("  ok the service runs (") and lines[5].startswith("  FAILED ")


def test_a_step_that_only_waits_claims_no_outcome() -> None:
    why, line, _ = STEP
    with in_files() as (console, out, _), console.step(why, line, None):
        pass
    assert out.getvalue().splitlines() == [f"* {why}", f"  $ {line}"]


def test_the_same_wait_is_told_once() -> None:
    with in_files() as (console, out, _):
        for why in ("it starts", "it starts", "Java starts"):
            with console.waiting(why):
                pass
    assert out.getvalue().splitlines() == ["  ... it starts", "  ... Java starts"]


def test_lines_of_several_hosts_carry_their_host_and_do_not_mix() -> None:
    with in_files() as (one, out, err):
        one.screen.shared = True
        two = Console(one.screen, "grisman-36")
        with ThreadPoolExecutor() as pool:
            list(pool.map(everything, [one, two] * 50))
    lines = (out.getvalue() + err.getvalue()).splitlines()
    assert all(re.match(r"olympias   \| |grisman-36 \| ", line) for line in lines)
    assert [sum(f"{name} | said" in line for line in lines) for name in ("olympias  ", "grisman-36")] == [50, 50]
    assert not any(line.count("olympias") + line.count("grisman-36") > 1 for line in lines)


def test_what_a_command_prints_is_shown_line_by_line() -> None:
    with in_files() as (console, out, _):
        shown = console.lines()
        for part in ("one\ntw", "o\n\n", "10 %\r20 %\r", "end\n"):
            shown.write(part)
    assert out.getvalue().splitlines() == [f"    {line}" for line in ("one", "two", "10 %", "20 %", "end")]


def test_data_are_one_line_of_json_even_with_several_hosts() -> None:
    with in_files() as (console, out, _):
        console.screen.shared = True
        console.data({"host": "ü\n", "tools": frozenset({"docker"}), "versions": ("0.3",), "none": None})
    assert out.getvalue().count("\n") == 1
    expected = {"host": "ü\n", "tools": ["docker"], "versions": ["0.3"], "none": None}
    assert json.loads(out.getvalue()) == expected


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_text_can_be_printed_on_any_output(tmp_path: Path, encoding: str) -> None:
    with (tmp_path / "out").open("w", encoding=encoding) as file, redirect_stdout(file), redirect_stderr(file):
        everything(Console(Screen(), "olympias"))
        Console(Screen(), "olympias").say("ü 漢字 \udcff …")
    printed = (tmp_path / "out").read_text(encoding)
    assert "the disk is full" in printed
    assert printed.splitlines()[-1].endswith(" …" if encoding == "utf-8" else " ...")


def facts() -> Facts:
    """A healthy host, with names as long as the lab's."""
    name = "grisman-36.cs.duke.edu"
    inside, outside = (ProbeResult(f"https://{at}:44342", "v0.3", desktop={"0.3": None}) for at in ("localhost", name))
    container = Container("id", "osprey/service:0.3", "sha256:aa", "running", "2021-09-01T00:00:00.000000000Z", 44342)
    unit = Unit("active", "", "/opt/osprey", "0.3")
    host = HostFacts(name, "martin", "Linux", "/home/martin", "/opt/osprey", 0, 10**11, unit=unit)
    return Facts(host, MachineFacts("native", State.RUNNING), EngineFacts(True, {}, container), inside, (outside,))


def test_the_status_of_a_healthy_host_fits_eighty_columns() -> None:
    with on_terminal() as (console, terminal):
        session = Session()
        session.screen = console.screen
        here = session.site(Configuration(()), "grisman-36.cs.duke.edu", verbose=False, dry=False)
        for rows in (machine.rows, image.rows, service.rows, net.rows):
            rows(facts(), here)
    shown = [re.sub(r"\x1b\[\d*m", "", line) for line in terminal.shown()]
    assert len(shown) == 8
    assert max(map(len, shown)) <= 80
