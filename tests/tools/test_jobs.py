"""What computes in a container, from the names and parents of its processes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ospreyops.tools.docker_api import JOBS, jobs

IDLE = [
    ("1", "0", "s6-svscan"),
    ("20", "1", "s6-supervise"),
    ("30", "20", "caddy"),
    ("21", "1", "s6-supervise"),
    ("40", "21", "java"),
]
"""A service that does nothing (field book: osprey-release, 2)."""


def test_a_service_that_does_nothing_computes_nothing() -> None:
    assert jobs(IDLE) == []
    assert jobs([]) == []


@pytest.mark.parametrize("name", ["probe.2.16r72.1", "sander.MPI", "sander", "reduce.3.24", "teLeap"])
def test_a_program_is_known_with_a_version_in_its_name(name: str) -> None:
    assert jobs([*IDLE, ("50", "1", name)]) == [name]


@pytest.mark.parametrize("name", ["prober", "reducer", "sanders", "sh"])
def test_a_longer_name_is_another_program(name: str) -> None:
    assert jobs([*IDLE, ("50", "1", name)]) == []


def test_whatever_the_server_has_started_computes() -> None:
    shell, program = ("50", "40", "sh"), ("51", "50", "newprogram")
    assert jobs([*IDLE, shell, program]) == ["newprogram"]
    assert jobs([*IDLE, shell]) == ["sh"]
    assert jobs([*IDLE, ("50", "40", "jspawnhelper")]) == []


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from("123456789")] * 2, st.sampled_from(["sh", "java", "bondtype", *JOBS]))))
def test_no_process_of_a_known_program_is_overlooked_whatever_else_runs(rows: list[tuple[str, str, str]]) -> None:
    processes = list({row[0]: row for row in rows}.values())
    found = jobs(processes)
    assert [name for name in found if name in JOBS] == sorted(name for _, _, name in processes if name in JOBS)
