"""Which hosts there are, which -H means, and what the command alone says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ospreyops import seen
from ospreyops.config.configuration import Configuration
from ospreyops.config.source import read
from ospreyops.errors import Usage
from ospreyops.runbook.about import page
from tests.config.places import COMMANDS, User
from tests.worlds import Sim, running

HOSTS = """\
osprey:
  hosts: {olympias: {user: jmartin, machine: virtualbox}, grisman-36: {}, grisman-12: {port: 2222}}
  groups: {lab: [olympias, grisman-12], away: [elsewhere.example]}
"""
CONFIG = Configuration((read(HOSTS, "f"),))


@pytest.mark.parametrize(
    ("value", "hosts"),
    [
        ("all", ["olympias", "grisman-36", "grisman-12"]),
        ("lab", ["olympias", "grisman-12"]),
        ("grisman-*", ["grisman-36", "grisman-12"]),
        ("grisman-[1]?", ["grisman-12"]),
        ("grisman-12, lab,away", ["grisman-12", "olympias", "elsewhere.example"]),
        ("jeff@10.0.0.1:22", ["jeff@10.0.0.1:22"]),
    ],
)
def test_a_value_of_h_is_hosts_groups_patterns_or_all_each_host_once(value: str, hosts: list[str]) -> None:
    assert CONFIG.selected(value) == hosts


@pytest.mark.parametrize("value", ["zz*", "", "lab,", "-o*"])
def test_a_value_of_h_that_means_no_host_is_refused(value: str) -> None:
    with pytest.raises(Usage):
        CONFIG.selected(value)


def test_all_hosts_of_settings_that_name_none_are_refused_with_what_makes_one() -> None:
    with pytest.raises(Usage) as refused:
        Configuration(()).selected("all")
    assert refused.value.hint == "inv init"


def test_h_may_be_given_several_times_and_wants_a_value(sim: Sim) -> None:
    ran = sim("lock.status -H a -H b", running(name="a"), running(name="b"))
    assert ran.code == 0
    assert "a is not locked" in ran.out and "b is not locked" in ran.out
    assert "-H needs a value" in sim("lock.status -H").err


def test_hosts_are_listed_with_login_groups_and_place(user: User) -> None:
    user.file.write_text(HOSTS)
    ran = user.run("hosts")
    row = "olympias jmartin@olympias virtualbox lab ~/.config/ospreyops.yaml:2"
    assert ran.out.splitlines()[1].split() == row.split()
    (line,) = user.run("hosts", "--json", "-H", "grisman-12").out.splitlines()
    assert json.loads(line)["login"] == "grisman-12:2222"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_alone_shows_a_page_that_a_small_terminal_holds(user: User, command: str) -> None:
    ran = user.run(command=command)
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    assert lines[-1] == f"  {'inv' if command == 'fab' else command} init"


def test_what_is_next_depends_on_the_settings_and_on_what_was_last_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    chosen = Configuration((read(HOSTS + "  host: lab\n", "f"),))
    assert page(chosen, "inv")[-1] == "  inv host.check olympias"
    seen.note("olympias", ["0.4", "0.10"], "0.4")
    assert page(CONFIG, "inv")[-1] == "  inv status -H olympias"
    assert page(chosen, "inv")[-1] == "  inv host.check grisman-12"
    seen.note("grisman-12", [])
    assert page(chosen, "inv")[-1] == "  inv deploy 0.3 --from FILE -H grisman-12"
    seen.note("grisman-12", ["0.4", "0.10"])
    assert page(chosen, "inv")[-1] == "  inv deploy 0.10 -H grisman-12"
    seen.note("grisman-12", ["0.4", "0.10"], "0.10")
    assert page(chosen, "inv")[-1] == "  inv status -H olympias,grisman-12"
    assert page(Configuration((read("osprey: {prot: 1}", "f"),)), "inv")[-2:] == [
        "Next: the settings have 1 mistake:",
        "  inv config",
    ]


def test_the_commands_version_is_the_tools(user: User) -> None:
    from ospreyops import __version__

    assert user.run("--version").out == f"ospreyops {__version__}\n"
