"""The command line as its user meets it: help, names, settings, mistakes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ospreyops.config import configured
from ospreyops.errors import OspreyError
from ospreyops.settings import KEYS
from tests.conftest import PROJECT, Inv, Ran


def test_listing_the_tasks_imports_neither_fabric_nor_paramiko_nor_docker() -> None:
    heavy = "'fabric', 'paramiko', 'docker', 'requests', 'urllib3', 'cryptography'"
    script = f"import sys, tasks; print([name for name in ({heavy}) if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_task_has_help_and_takes_hosts(sim: Callable[[str], Ran]) -> None:
    for line in sim("--list").out.splitlines():
        if line.startswith("  ") and not line.startswith("   "):
            shown = sim(f"--help {line.split()[0]}").out
            about_settings = line.split()[0] in ("about", "init", "host.add")
            assert ("-H, --host HOSTS" in shown) is not about_settings
            usage, blank, about, *_ = shown.splitlines()
            assert usage.startswith(f"Usage: inv {line.split()[0]} ") and not blank and about.endswith((".", "…"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["deploy"], "which version?"),
        (["deploy", "--version", ""], "which version?"),
        (["deploy", "--version", "status"], "'status' is not a version"),
        (["deploy", "--version", "0.3; rm -rf /"], "is not a version"),
        (["deploy", "--version", "../0.3"], "is not a version"),
        (["status", "-H", "-oProxyCommand=x"], "is not a host name"),
        (["status", "-H", ""], "is not a host name"),
        (["status", "-H", "a,,b"], "is not a host name"),
        (["service.logs", "--lines", "many"], "--lines 'many' is not a whole number"),
        (["deploy", "--version", "0.3", "--health-timeout", "soon"], "--health-timeout 'soon' is not a whole number"),
        (["deploy", "--version", "0.3", "--patience", "soon"], "--health-timeout 'soon' is not a whole number"),
        (["no.such.task"], "there is no task 'no.such.task'"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_clear_line(inv: Inv, words: list[str], said: str) -> None:
    ran = inv(*words)
    assert ran.code == 1
    assert said in ran.err
    assert len(ran.err.splitlines()) <= 2


def test_a_release_archive_that_is_not_there_is_said_before_anything_is_asked(inv: Inv, tmp_path: Path) -> None:
    ran = inv("image.load", "--version", "0.3", "--from", str(tmp_path / "none.tar"))
    assert ran.code == 3
    assert f"{tmp_path}/none.tar is no file" in ran.err


def test_an_unknown_host_is_unreachable_and_says_where_hosts_are_named(inv: Inv) -> None:
    ran = inv("status", "-H", "no-such-host.invalid")
    assert ran.code == 4
    assert "no such host" in ran.err
    assert "inv host.add NAME, or a Host in ~/.ssh/config" in ran.err


def test_an_unknown_host_that_is_nearly_one_of_the_settings_is_told_with_that_one(inv: Inv, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("osprey: {hosts: {jerry.invalid: {}, phil.invalid: {}}}")
    ran = inv("-f", str(tmp_path / "own.yaml"), "status", "-H", "jery.invalid")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "jery.invalid: no such host" in ran.err
    assert ran.err.endswith("; did you mean jerry.invalid?\n")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("INVOKE_OSPREY_SERVICE_PORT", "many", "osprey.service_port is 'many', not a whole number"),
        ("INVOKE_OSPREY_SERVICE_PORT", "70000", "osprey.service_port is 70000, not between 1 and 65535"),
        ("INVOKE_OSPREY_FOLDER", "here", "not an absolute path"),
        ("INVOKE_OSPREY_MACHINE", "hyperv", "one of: native"),
        ("INVOKE_OSPREY_HOST", "no host", "is not a host name"),
    ],
)
def test_a_setting_that_does_not_fit_is_one_clear_line(variable: str, value: str, said: str) -> None:
    ran = Inv({variable: value})("status")
    assert ran.code == 1
    assert said in ran.err
    assert len(ran.err.splitlines()) <= 2


def test_both_ways_to_name_a_host_at_once_are_refused(inv: Inv) -> None:
    ran = inv("-c", "tasks", "-H", "one", "status", "-H", "two", program="fabric")
    assert ran.code == 1
    assert "both fab's -H and the task's own" in ran.err


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-5, 99999) | st.floats(allow_nan=False) | words
known = st.sampled_from([*KEYS, "host", "hosts", "groups"])
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(known | words, inner, max_size=4),
    max_leaves=12,
)


@given(tree=trees, name=st.sampled_from(["localhost", "olympias", "x"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_invoke_yaml_ends_in_a_traceback(tmp_path: Path, tree: object, name: str) -> None:
    import invoke

    (tmp_path / "invoke.yaml").write_text(json.dumps({"osprey": tree}))
    config = invoke.Config(project_location=tmp_path, lazy=True)
    config.load_project()
    context = invoke.Context(config)
    try:
        told = configured(context).settings(name).name
    except OspreyError as error:
        told = error.case
    assert told
