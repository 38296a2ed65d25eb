"""What the history and the lock tell in words: read from what a host printed, and written down as it was typed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Optional

import pytest

from ospreyops.change.change import Change
from ospreyops.change.history import MOST, WHOLE, digest_of, entries, image_of, newest, rows, typed, version_of
from ospreyops.change.holder import SHOWN, RunningLine, holder_of, running_line
from ospreyops.change.lock import HeldByOther, LockLease, LockLost, LockState, ending, lock_state, question
from ospreyops.console import Console, Screen
from ospreyops.errors import Blocked
from ospreyops.remote.command import Answer, Command
from ospreyops.remote.streams import LocalStream
from ospreyops.step import Step, WaitFor
from tests.sim.noting import Noting
from tests.sim.site import simulated
from tests.sim.states import digest
from tests.worlds import HELD, HOLDER, history, running

TOLD = json.dumps(vars(HOLDER))
NOTED = "1800000000 60 4 77"


def test_a_version_is_told_of_what_runs_alone() -> None:
    facts = simulated(running()).look()
    assert (version_of(facts), digest_of(facts, None)) == ("0.3", digest("0.3"))
    assert facts.engine and facts.engine.service
    ended = replace(facts.engine, service=replace(facts.engine.service, state="exited"))
    gone = replace(facts.engine, service=None)
    for engine in (ended, gone):
        changed = replace(facts, engine=engine)
        assert (version_of(changed), digest_of(changed, None)) == (None, None)
    assert digest_of(replace(facts, engine=None), "osprey/service:0.3") is None


def test_the_digest_is_that_of_the_image_that_the_task_is_about() -> None:
    host = running()
    host.load("0.4")
    facts = simulated(host).look()
    assert digest_of(facts, "osprey/service:0.4") == digest("0.4")
    assert digest_of(facts, "osprey/service:0.9") == digest("0.3")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"yes": True, "dry": False}, "--yes"),
        ({"version": "0.3", "from_": ""}, "--version 0.3"),
        ({"drain": 60, "none": None}, ""),
        ({"stop_first": True, "health_timeout": "20"}, "--stop-first --health-timeout 20"),
    ],
)
def test_a_task_is_written_down_with_the_options_that_were_given(options: dict[str, Any], words: str) -> None:
    assert typed("deploy", options) == f"deploy {words}".strip()


def test_a_task_is_about_the_image_of_the_version_that_it_names() -> None:
    assert image_of({"version": "0.3"}) == "osprey/service:0.3"
    assert (image_of({"version": ""}), image_of({})) == (None, None)


def test_older_lines_are_left_out_only_beyond_what_an_answer_holds() -> None:
    whole = "x" * (MOST - 2) + "\ny"
    assert newest(whole) == (whole, False)
    assert newest(f"x{whole}") == ("y", True)


def test_a_line_without_when_task_or_outcome_is_torn() -> None:
    whole = {"when": "1", "task": "2", "outcome": "3"}
    rows = [whole, {"when": "1", "task": "2"}, {**whole, "who": "jeff"}]
    found, torn = entries("\n".join(["", *map(json.dumps, rows), "{"]))
    assert (found, torn) == ([rows[0], rows[2]], 2)


NOW = 1_800_000_180
DONE = {"when": "2027-01-15T08:00:00Z", "task": "deploy --version 0.4", "outcome": "ok", "seconds": 75.2}
WHOSE = {"who": "jeff", "from": "phil", "before": "0.3", "after": "0.4"}


def test_an_entry_is_told_as_people_say_it() -> None:
    told = rows([{**DONE, **WHOSE}], now=NOW)
    assert told == [(True, "3 min ago (08:00 UTC)", "deploy --version 0.4\n    0.3 -> 0.4, 1 min, by jeff@phil")]


def test_an_entry_of_a_task_that_failed_says_how_and_what_ran_throughout() -> None:
    ((good, _, text),) = rows([{**DONE, **WHOSE, "after": "0.3", "outcome": "failed: it did not work"}], now=NOW)
    assert (good, text.splitlines()[1:]) == (False, ["    0.3, 1 min, by jeff@phil", "    failed: it did not work"])


def test_what_an_entry_does_not_tell_is_left_out_and_a_zero_is_a_zero() -> None:
    entry = {"when": "at noon", "task": "x", "outcome": "ok", "seconds": 0, "after": None, "before": ""}
    assert rows([entry], now=NOW) == [(True, "at noon", "x\n    nothing, 0 s, by ?@?")]
    assert rows([{"when": "at noon", "task": "watch", "outcome": "healthy"}], now=NOW)[0][0] is True


def test_a_history_fits_eighty_columns_whatever_was_typed() -> None:
    long = {**DONE, **WHOSE, "when": "2020-01-02T03:04:05Z", "task": "deploy --from " + "/a/long/path " * 20}
    told = rows([long, {**long, "outcome": "failed: " + "evidence " * 40}], now=NOW)
    shown = [line for _, when, text in told for line in f"{len('FAILED') * ' '} {when} {text}".splitlines()]
    assert len(shown) > 10 and max(map(len, shown)) <= 80


def test_what_was_typed_stays_on_one_line_where_a_program_reads() -> None:
    task = "deploy --from " + "/a/long/path " * 20 + "--yes"
    ((_, _, text),) = rows([{**DONE, "task": task}], room=WHOLE)
    assert text.splitlines()[0] == task


def test_a_holder_is_told_where_the_lock_names_one() -> None:
    assert holder_of(TOLD) == HOLDER
    assert holder_of("") is None
    assert holder_of(json.dumps({**vars(HOLDER), "pid": "many"})) is None


def test_a_line_that_goes_on_is_told_with_its_task_and_its_end_where_they_are_known() -> None:
    line = running_line(f"{NOTED}\t{TOLD}\tdocker load")
    assert line == RunningLine(HOLDER, "docker load", 1_800_000_000, 60, 77)
    assert str(line).startswith(HELD) and " years ago (2020-01-02 03:04 UTC), of which" in str(line)
    assert ", of which this line goes on: docker load (begun 2027-01-15 08:00 UTC; ends in " in str(line)
    assert running_line("?") == RunningLine()
    assert str(RunningLine()) == "somebody, of which this line goes on: a line"


def test_a_long_line_is_cut_where_it_is_told() -> None:
    assert str(RunningLine(text="x" * SHOWN)).endswith(": " + "x" * SHOWN)
    assert str(RunningLine(text="x" * (SHOWN + 1))).endswith(": " + "x" * SHOWN + "…")


@pytest.mark.parametrize(
    ("printed", "state"),
    [
        ("free\n", None),
        (f"held 3 1 {TOLD}\n", LockState(HOLDER, 3, alive=True)),
        (f"held -2 0 {TOLD}\n", LockState(HOLDER, 0, alive=False)),
        ("held 3 1 ?\n", LockState(None, 3, alive=True)),
        (
            f"line {NOTED}\t{TOLD}\tdocker load\n",
            LockState(HOLDER, 0, False, False, RunningLine(HOLDER, "docker load", 1_800_000_000, 60, 77)),
        ),
        (
            f"held 3 1 {TOLD}\nline {NOTED}\t{TOLD}\tdocker load\n",
            LockState(HOLDER, 3, True, True, RunningLine(HOLDER, "docker load", 1_800_000_000, 60, 77)),
        ),
    ],
)
def test_a_lock_is_free_or_held_or_a_line_goes_on_without_it(printed: str, state: Optional[LockState]) -> None:
    assert lock_state(Answer(0, printed)) == state


def test_a_lock_that_cannot_be_read_is_never_taken_for_a_free_one() -> None:
    with pytest.raises(Blocked, match="the lock cannot be read: permission denied"):
        lock_state(Answer(1, "", "permission denied"))


def test_whoever_has_the_lock_is_told_as_well_as_it_is_known() -> None:
    line = RunningLine(HOLDER, "docker load")
    assert str(HeldByOther(None)) == "somebody"
    assert str(HeldByOther(HOLDER)) == str(HOLDER)
    assert str(HeldByOther(HOLDER, line)) == str(line)


def test_a_line_is_ended_by_another_program_than_a_lock() -> None:
    lock, line = (str(ending("/x", 7, sudo=False, line=line)) for line in (False, True))
    assert lock != line
    assert "free" in str(question("/x"))


def test_a_change_is_untouched_until_its_first_step_though_it_holds_the_lock() -> None:
    host = running()
    site = simulated(host)
    site.look()
    change = site.change
    assert change.begin() and not change.begin()
    assert (change.held, change.untouched) == (True, True)
    wait, note = (Step("why", do, "0.3 is noted") for do in (WaitFor("look"), Command("true", 5)))
    with change.step(wait):
        pass
    assert change.untouched
    with change.step(note):
        host.now += 7
    assert not change.untouched
    assert (change.since("true"), change.since("false")) == (7, None)
    change.end("ok")
    assert (change.held, change.untouched) == (False, True)
    assert [entry["outcome"] for entry in history(host)] == ["ok"]


@pytest.mark.parametrize("writable", [True, False])
def test_a_lock_is_taken_as_root_only_where_the_user_may_not_write(writable: bool) -> None:
    host = Noting()
    site = simulated(host)
    facts = site.look()
    site.change.last = replace(facts, host=replace(facts.host, writable=writable))
    assert site.change.begin()
    site.change.end("ok")
    assert host.as_root is not writable


def test_a_change_that_has_done_nothing_is_untouched_and_holds_nothing() -> None:
    host: Any = running()
    change = Change(host, Console(Screen(), "sim"))
    assert (change.held, change.untouched, change.since("docker stop")) == (False, True, None)
    change.end("ok")
    assert list(host.files.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        TOLD.replace('"perl": 0', '"perl": 5, "perl": -1'),
        *(TOLD.replace('"perl": 0', f'"perl": {odd}') for odd in ("-1", "true", "1.5", "NaN", "9" * 5000, '"5"')),
        TOLD.replace('"jeff"', '["jeff"]'),
        "[" * 100_000,
    ],
)
def test_a_holder_with_an_odd_process_or_a_name_twice_is_not_known(text: str) -> None:
    assert text != TOLD
    assert holder_of(text) is None


@pytest.mark.parametrize("noted", [NOTED.replace("77", "9" * 5000), NOTED.replace("1800000000", "9" * 12), "٣ 1 1 1"])
def test_a_line_noted_with_odd_numbers_is_one_of_an_unknown_task(noted: str) -> None:
    assert running_line(noted) == RunningLine()


def test_a_host_that_talks_on_in_place_of_its_lock_does_not_keep_a_task_waiting() -> None:
    stream: Any = LocalStream("yes 'welcome to grisman-12'", b"")
    with pytest.raises(LockLost, match="says more than a lock does"):
        LockLease(stream, "token", sudo=False).line("ok")
    stream.finish()
