"""What only root may read is asked of root: at once where the last command had to, and only while that is so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from ospreyops.errors import Blocked
from ospreyops.remote.command import Answer, Command
from tests.sim.host import SimHost
from tests.worlds import Sim


class Private(SimHost):
    """A server where only root may read what is remembered. may: the user may use sudo."""

    may = True

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers, as far as the user who asks may have them."""
        if sudo and not self.may:
            raise Blocked("ops may not use sudo on sim")
        found = super().ask(questions, sudo=sudo)
        kept = ("state", "proven", "loading", "loaded", "desired", "changed", "asked")
        return (
            found if sudo else {**found, **{name: Answer(1, "", "Permission denied") for name in kept if name in found}}
        )


def test_what_only_root_may_read_is_read_through_sudo(sim: Sim) -> None:
    host = Private(place="there linux\nstate linux\nprivate linux\n")
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    assert "nothing to do" in sim("deploy --version 0.3 -H sim", host).out
    assert "deploy --version 0.3" in sim("history -H sim", host).out
    assert "is not locked" in sim("lock.status -H sim", host).out


def test_who_may_not_ask_as_root_is_told_so_and_nothing_is_taken_for_absent(sim: Sim) -> None:
    host = Private(place="there linux\nstate linux\nprivate linux\n")
    sim("deploy --version 0.3 -H sim", host)
    host.may, host.ran = False, []
    said = sim("doctor -H sim", host).said
    assert "/var/lib/ospreyops/.ospreyops: only root may read it" in said and "as a user who may use sudo" in said
    for task in ("heal", "history", "lock.status"):
        assert sim(f"{task} -H sim", host).code == 3, task
    assert host.ran == []


class Counted(Private):
    """Such a server, which counts what is asked in one go, and who asks. free: sudo wants no password."""

    free = True

    def __init__(self) -> None:
        super().__init__(sudo=True, place="there linux\nstate linux\nprivate linux\n")
        self.asked: list[tuple[str, bool]] = []

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers."""
        self.asked += [(name, sudo) for name in ("disk", "room") if name in questions]
        return super().ask(questions, sudo=sudo)

    def permit(self, *, root: bool) -> bool:
        """The password is typed."""
        return self.free or not root


@pytest.fixture
def counted(sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    """A server that a look has seen, on a workstation that remembers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    host = Counted()
    assert sim("deploy --version 0.3 -H sim", host).code == 0
    host.asked.clear()
    return host


def test_root_is_asked_at_once_where_the_last_command_had_to_ask_root(sim: Sim, counted: Counted) -> None:
    assert sim("status -H sim", counted).code == 0
    assert sorted(counted.asked) == [("disk", True), ("room", True)]


def test_a_deploy_with_more_patience_forgets_nothing_of_that(sim: Sim, counted: Counted) -> None:
    assert sim("deploy --version 0.3 --health-timeout 200 -H sim", counted).code == 0
    counted.asked.clear()
    assert sim("status -H sim", counted).code == 0
    assert sorted(counted.asked) == [("disk", True), ("room", True)]


def test_the_user_is_asked_where_root_may_not_be_any_more(sim: Sim, counted: Counted) -> None:
    counted.may = False
    assert "only root may read it" in sim("doctor -H sim", counted).said
    assert ("disk", False) in counted.asked and ("room", False) in counted.asked


def test_what_became_readable_for_the_user_is_read_by_the_user_from_then_on(sim: Sim, counted: Counted) -> None:
    counted.place, counted.sudo = "there linux\nstate linux\n", False
    for _ in range(2):
        counted.asked.clear()
        sim("status -H sim", counted)
    assert sorted(counted.asked) == [("disk", False), ("room", False)]


def test_who_may_use_docker_by_now_does_so_as_himself(sim: Sim, counted: Counted) -> None:
    counted.sudo = False
    counted.ran.clear()
    assert sim("service.restart -H sim", counted).code == 0
    assert next(line for line in counted.ran if re.match("(sudo )?docker rename", line)).startswith("docker")


def test_who_types_a_password_types_it_only_where_docker_refused_him(sim: Sim, counted: Counted) -> None:
    counted.free = False
    for _ in range(2):
        counted.asked.clear()
        assert sim("status -H sim", counted).code == 0
    assert ("disk", False) in counted.asked
