"""What is kept decoded on a host: where, how much of it, and when it goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ospreyops import lines
from ospreyops.facts import Facts
from ospreyops.goals.prune import pruned
from ospreyops.release import Release
from ospreyops.remote.command import Command
from tests.sim.seen import seen
from tests.worlds import Sim, deployed, running

NEW = Release("0.4")
VERSIONS = ["0.1", "0.2", "0.3", "0.4"]


def test_the_two_releases_that_were_loaded_last_are_kept_decoded_and_loaded_from_there(sim: Sim) -> None:
    host = deployed(sim, *VERSIONS)
    assert host.decoded == ["0.3", "0.4"]
    host.images.pop("osprey/service:0.3")
    assert sim("image.load --version 0.3 -H sim", host).code == 0
    assert host.decoded == ["0.4", "0.3"]


@pytest.mark.parametrize("keep", [1, 2])
def test_a_prune_removes_what_is_kept_of_releases_that_do_not_stay(sim: Sim, keep: int) -> None:
    host = deployed(sim, *VERSIONS)
    host.decoded = ["0.1", "0.4"]
    ran = sim(f"image.prune --keep {keep} -H sim", host)
    assert ran.code == 0 and "the decoded image of 0.1" in ran.said
    assert host.decoded == ["0.4"]
    assert "nothing to do" in sim(f"image.prune --keep {keep} -H sim", host).said


@pytest.mark.parametrize("line", ["fix.disk", "heal"])
def test_on_a_full_disk_nothing_stays_decoded(sim: Sim, line: str) -> None:
    host = running(decoded=["0.3"], folder_free=10**9)
    sim(f"{line} -H sim", host)
    assert host.decoded == []
    assert "osprey/service:0.3" in host.images


@settings(deadline=None, max_examples=100)
@given(st.sets(st.sampled_from(VERSIONS)), st.sets(st.sampled_from(VERSIONS)), st.integers(1, 3))
def test_nothing_stays_decoded_of_a_release_whose_archive_is_gone(
    unpacked: set[str], kept: set[str], keep: int
) -> None:
    host = running(unpacked=unpacked, own=set(unpacked), decoded=sorted(kept))
    facts, target = seen(host)
    for step in pruned(facts, target, keep=keep):
        assert isinstance(step.do, Command)
        host.run(step.do)
    assert set(host.decoded) == kept & host.unpacked


def keeps(facts: Facts) -> bool:
    line = lines.load_gated(facts, seen(running())[1], facts.host.place("0.4"), NEW)
    assert line.own == (facts.host.folder if ".decoded" in line.line else "")
    return ".decoded" in line.line


@pytest.mark.parametrize(
    ("sudo", "writable", "open_to", "kept"),
    [
        (False, True, {}, True),
        (False, True, {"root": "/home"}, True),
        (False, False, {}, False),
        (True, False, {}, True),
        (True, True, {}, True),
        (True, True, {"root": "/home"}, False),
        (True, True, {"own": "/home"}, True),
    ],
)
def test_an_archive_is_kept_decoded_only_where_who_loads_may_write_and_nobody_with_less_rights(
    sudo: bool, writable: bool, open_to: dict[str, str], kept: bool
) -> None:
    facts, _ = seen(running())
    assert facts.engine
    host = replace(facts.host, writable=writable, open_to=open_to)
    assert keeps(replace(facts, host=host, engine=replace(facts.engine, sudo=sudo))) is kept


def test_a_part_of_a_release_is_not_kept() -> None:
    facts, target = seen(running())
    assert ".decoded" not in lines.load_gated(facts, target, "/srv/0.4", NEW, file="layers.tar.bz2").line
