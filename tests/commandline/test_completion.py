"""A TAB in real shells: tasks, flags, hosts of the settings, and the versions that were last seen."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
from pathlib import Path

import pexpect
import pytest

from ospreyops import seen
from tests.conftest import PROJECT, Inv
from tests.sim.host import SimHost
from tests.worlds import Sim

SHELLS = {
    "bash": (
        "--norc --noprofile -i",
        'inv() {{ [ "$1" = --complete ] && {inv} "$@" || printf "\\074%s\\076\\n" "$*"; }}',
    ),
    "zsh": ("-f -i", 'inv() {{ [[ $1 = --complete ]] && {inv} "$@" || printf "\\074%s\\076\\n" "$*" }}'),
    "fish": (
        "--no-config --private -i",
        'function inv; if [ "$argv[1]" = --complete ]; {inv} $argv; else; printf "\\074%s\\076\\n" "$argv"; end; end',
    ),
}
"""What starts a shell that reads no settings, and an `inv` there that says what it would be given."""
READ = {
    "bash": 'eval "$({inv} completion bash)"',
    "zsh": 'eval "$({inv} completion zsh)"',
    "fish": "{inv} completion fish | source",
}


@pytest.fixture
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which olympias had two releases when it was last seen, and grisman-36 another."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seen.note("olympias", ["0.10", "0.4"])
    seen.note("grisman-36", ["0.2"])
    return tmp_path


@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_offers_tasks_flags_hosts_and_versions_in_a_real_shell(shell: str, noted: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    flags, function = SHELLS[shell]
    inv = f"{sys.executable} -m invoke"
    env = {**os.environ, "TERM": "dumb", "HOME": str(noted), "ZDOTDIR": str(noted)}
    child = pexpect.spawn(shell, flags.split(), cwd=str(PROJECT), env=env, encoding="utf-8", timeout=60, echo=False)
    child.sendline(READ[shell].format(inv=inv))
    child.sendline(function.format(inv=inv))
    for typed, taken in {
        "dep": "deploy",
        "deploy --drop-v": "deploy --drop-versions",
        "deploy --version 0.1": "deploy --version 0.10",
        "rollback -H grisman-36 --version ": "rollback -H grisman-36 --version 0.2",
        "status -H oly": "status -H olympias",
        "status --host=g": "status --host=grisman-36",
        "status -H olympias,g": "status -H olympias,grisman-36",
        "deploy --from tas": "deploy --from tasks.py",
    }.items():
        child.send(f"inv {typed}\t\r")
        child.expect(r"<([^<>]*?) ?>")
        assert isinstance(child.match, re.Match)
        assert child.match[1] == taken
    child.close(force=True)


def offered(inv: Inv, line: str) -> list[str]:
    return inv("--complete", "--", *f"inv {line}".split(" ")).out.split()


def test_after_a_task_its_own_flags_are_offered_and_few_of_the_tools(inv: Inv) -> None:
    assert offered(inv, "service.logs -") == [
        *("--dry", "--failed", "--follow", "--help", "--host", "--keep-going", "--lines", "--plain", "--serial"),
        *("--verbose", "--version", "--wait", "-H", "-f", "-n", "-v"),
    ]


def test_the_versions_of_the_host_that_is_named_are_offered_the_newest_first(noted: Path, inv: Inv) -> None:
    assert offered(inv, "deploy -H olympias --version ") == ["0.10", "0.4"]
    assert offered(inv, "deploy --version ") == ["0.10", "0.4", "0.2"]


def test_a_host_that_is_chosen_is_not_offered_again(noted: Path, inv: Inv) -> None:
    assert offered(inv, "status -H olympias,") == ["olympias,grisman-36"]


def test_a_name_in_the_settings_that_is_no_hosts_is_not_offered_to_a_shell(inv: Inv, tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text((PROJECT / "tasks.py").read_text())
    (tmp_path / "invoke.yaml").write_text('osprey: {hosts: {"$(touch /tmp/x)": {}, jerry: {}}}')
    ran = inv("-r", str(tmp_path), "--complete", "--", "inv", "status", "-H", "", PYTHONPATH=str(PROJECT))
    assert ran.out.split()[0] == "jerry"
    assert "touch" not in ran.out


def test_an_odd_line_before_the_tab_is_no_traceback(inv: Inv) -> None:
    for line in ('machine.ssh --command "ls', "-H", "=", "x = -", "deploy --version=", "-- --"):
        inv("--complete", "--", *f"inv {line}".split(" "))


def test_what_a_task_saw_is_noted_where_only_its_user_may_read_it(
    sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    sim("status -H sim", SimHost(archives={"0.3", "0.4"}))
    assert seen.versions(["sim"]) == ["0.4", "0.3"]
    assert stat.S_IMODE((tmp_path / "ospreyops").stat().st_mode) == 0o700


def test_a_cache_that_cannot_be_written_or_read_disturbs_no_task(
    sim: Sim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ospreyops").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert sim("deploy 0.3 -H sim", SimHost()).code == 0
    assert (seen.hosts(), seen.versions(["sim"])) == ([], [])


def test_an_unknown_shell_is_told_which_are_known(inv: Inv) -> None:
    ran = inv("completion", "csh")
    assert (ran.code, ran.err) == (1, "✗ which shell? inv completion bash, zsh or fish\n")
