"""What is typed is taken as it is meant, or answered in a line with what may be meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ospreyops.commandline.argv import Vocabulary, meant
from ospreyops.commandline.listing import Flags
from ospreyops.errors import Usage

OWN: Flags = {"-H": True, "--host": True, "-v": False, "--verbose": False}
KNOWN = Vocabulary(
    core={"--help": None, "-h": None, "--list": None, "--dry": False, "--config": True, "-f": True, "--version": False},
    tasks={
        "deploy": {**OWN, "--version": True, "--from": True, "--drop-versions": True},
        "status": {**OWN, "--json": False},
        "service.status": OWN,
        "service.logs": {**OWN, "--follow": False, "-f": False, "--lines": True, "-n": True},
        "machine.restart": OWN,
        "service.restart": OWN,
        "host.add": {"<name>": True, "--name": True, "--user": True, "--host": True, "-H": True},
        "host.trust": {"<host>": True, **OWN, "--fingerprint": True},
        "watch.run": OWN,
        "watch": OWN,
        "watch.install": OWN,
    },
    hosts=("olympias", "grisman-36"),
)


@pytest.mark.parametrize(
    ("typed", "taken"),
    [
        ("deploy 0.3", "deploy --version 0.3"),
        ("deploy v0.3", "deploy --version 0.3"),
        ("deploy --version v0.3", "deploy --version 0.3"),
        ("deploy --version=v0.3 --drop-versions V0.1,v0.2", "deploy --version 0.3 --drop-versions 0.1,0.2"),
        ("deploy --from v2/release.tar 0.3", "deploy --from v2/release.tar --version 0.3"),
        ("-H lab deploy 0.3 status", "deploy --version 0.3 -H lab status"),
        ("--host=lab -v status", "status -v -H lab"),
        ("-Hlab service logs", "service.logs -H lab"),
        ("status -H one -H two", "status -H one,two"),
        ("status olympias grisman-36", "status -H olympias,grisman-36"),
        ("status -H status", "status -H status"),
        ("service.logs -f -n 20", "service.logs -f -n 20"),
        ("service.logs -fn20", "service.logs -f -n 20"),
        ("-f settings.yaml status", "-f settings.yaml status"),
        ("deploy 0.3 --dry-run", "deploy --version 0.3 --dry"),
        ("--dry-run deploy 0.3", "--dry deploy --version 0.3"),
        ("host add status --user jeff", "host.add status --user jeff"),
        ("host.add --name jerry status", "host.add --name jerry status"),
        ("host.trust new", "host.trust -H new"),
        ("host trust new olympias status", "host.trust -H new,olympias status"),
        ("host.trust -H new", "host.trust -H new"),
        ("-H new host.trust status", "host.trust -H new status"),
        ("help", "--help"),
        ("help deploy", "--help deploy"),
        ("help service logs", "--help service.logs"),
        ("deploy help", "--help deploy"),
        ("deploy -h", "--help deploy"),
        ("host add --help", "--help host.add"),
        ("--help deploy", "--help deploy"),
        ("service logs", "service.logs"),
        ("watch install", "watch.install"),
        ("watch status", "watch status"),
        ("service", "--list service"),
        ("service --help", "--list service"),
        ("list service", "--list service"),
        ("deploy 0.3 -- rest -H x", "deploy --version 0.3 -- rest -H x"),
    ],
)
def test_what_is_typed_is_taken_as_it_is_meant(typed: str, taken: str) -> None:
    assert " ".join(meant(typed.split(), KNOWN)) == taken


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("depoly", "there is no task 'depoly'; did you mean deploy?"),
        ("DEPLOY", "there is no task 'DEPLOY'; did you mean deploy?"),
        ("-H lab depoly", "there is no task 'depoly'; did you mean deploy?"),
        ("logs", "there is no task 'logs'; did you mean service.logs?"),
        ("restart", "there is no task 'restart'; did you mean machine.restart or service.restart?"),
        ("help depoly", "there is no task 'depoly'; did you mean deploy?"),
        ("--help depoly", "there is no task 'depoly'; did you mean deploy?"),
        ("xyzzy", "there is no task 'xyzzy'; inv --list shows all tasks"),
        ("deploy --versoin 0.3", "deploy has no option --versoin; did you mean --version?"),
        ("status --version 0.3", "status has no option --version; inv --help status shows all options"),
        ("status --frobnicate", "status has no option --frobnicate; inv --help status shows all options"),
        ("status 0.3", "status takes no version, and '0.3' is no task"),
        ("status olympas", "'olympas' is neither a task nor a host; did you mean olympias?"),
        ("host add --user jeff", "host.add needs NAME"),
        ("host trust", "host.trust needs HOST"),
        ("deploy --version", "--version needs a value"),
        ("deploy --version --from x", "--version needs a value"),
        ("status --json=no", "--json takes no value"),
        ("-H lab", "which task? inv --list shows them"),
    ],
)
def test_what_is_mistyped_is_answered_in_one_line_with_what_may_be_meant(typed: str, said: str) -> None:
    with pytest.raises(Usage) as refused:
        meant(typed.split(), KNOWN)
    assert str(refused.value) == said


def told(typed: list[str]) -> str:
    """What is said of some words; nothing when they are taken."""
    try:
        meant(typed, KNOWN)
    except Usage as error:
        return str(error)
    return ""


words = st.sampled_from([*KNOWN.core, *KNOWN.tasks, *OWN, "help", "list", "service", "0.3", "olympias", "--", "-", "="])


@given(st.lists(words | st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=6), max_size=8))
def test_odd_words_are_taken_or_refused_in_one_line(typed: list[str]) -> None:
    assert len(told(typed).splitlines()) <= 1


@given(st.lists(st.sampled_from(["deploy", "--version", "0.3", "-H", "lab", "status", "-v", "--dry"]), max_size=8))
def test_what_was_taken_is_taken_again_as_it_is(typed: list[str]) -> None:
    try:
        taken = meant(typed, KNOWN)
    except Usage:
        return
    assert meant(taken, KNOWN) == taken
