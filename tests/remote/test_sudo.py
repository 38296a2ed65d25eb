"""sudo's password gets to sudo, and to nothing that runs behind it."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

from ospreyops.remote import sudo
from ospreyops.remote.protocol import new_mark

PROMPTS = """old() { printf %s "$prompt" >&2; read -r p; }
rs() { echo "[sudo: $prompt] Password: " >&2; read -r p; }
"""
PASSWORD = "it's $a `secret`"
SUDO = {
    # Reads a line of its input when it needs one, and remembers, per parent process, that it was right.
    "sudo": (
        'here=$(dirname "$0"); n=; v=; while [ $# -gt 0 ]; do case $1 in -n) n=1;; -v) v=1;; -S|-k|-H) ;;'
        ' -p|-u) shift;; *) break;; esac; shift; done; if [ ! -e "$here/known-$PPID" ]; then [ "$n" ] && exit 1;'
        ' IFS= read -r p; [ "$p" = "$WANTED" ] || { echo "1 incorrect password attempt" >&2; exit 1; };'
        ' [ -z "$REMEMBERS" ] || [ -z "$v" ] || : >"$here/known-$PPID"; fi; [ $# = 0 ] || exec "$@"'
    ),
    # Reads all of its input ahead.
    "sudo-rs": (
        'here=$(dirname "$0"); n=; v=; while [ $# -gt 0 ]; do case $1 in -n) n=1;; -v) v=1;; -S|-k|-H) ;;'
        ' -p|-u) shift;; *) break;; esac; shift; done; if [ ! -e "$here/known-$PPID" ]; then [ "$n" ] && exit 1;'
        ' p=$(cat); [ "$p" = "$WANTED" ] || { echo "Authentication failed, try again." >&2; exit 1; };'
        ' [ -z "$v" ] || : >"$here/known-$PPID"; fi; [ $# = 0 ] || exec "$@"'
    ),
}


@pytest.fixture(params=[("sudo", "1"), ("sudo", ""), ("sudo-rs", "1")], ids=["sudo", "sudo without memory", "sudo-rs"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """A sudo in the form of the real ones, as far as its password is concerned."""
    kind, remembers = request.param
    return {**stands_in(tmp_path, "sudo", SUDO[kind]), "REMEMBERS": remembers}


def stands_in(folder: Path, name: str, script: str) -> dict[str, str]:
    """A program of that name that does what the script says; the environment in which it is found first."""
    program = folder / name
    program.write_text(f"#!/bin/sh\nprompt=$4\n{PROMPTS}{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin", "WANTED": PASSWORD}


def ran(words: str, given: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", words], input=given, capture_output=True, text=True, env=environment, timeout=10
    )


def test_a_program_that_is_talked_to_gets_all_of_its_input_and_not_the_password(environment: dict[str, str]) -> None:
    done = ran(sudo.stream("exec cat", "root"), f"{PASSWORD}\nfirst\nsecond", environment)
    assert (done.returncode, done.stdout) == (0, "first\nsecond"), done.stderr


def test_a_program_that_is_run_has_no_input(environment: dict[str, str]) -> None:
    mark = new_mark()
    done = ran(sudo.run("exec cat", "root", mark), f"{PASSWORD}\nmore", environment)
    assert (done.returncode, done.stdout) == (0, "")
    assert sudo.without(mark, done.stderr) == ""


@pytest.mark.parametrize("how", [sudo.stream, lambda words, user: sudo.run(words, user, "mark")])
def test_a_wrong_password_runs_nothing(how: object, environment: dict[str, str]) -> None:
    assert callable(how)
    done = ran(how("echo ran", "root"), "another\n", environment)
    assert done.returncode == 1 and done.stdout == ""


@pytest.mark.parametrize(
    ("asks", "code", "said", "heard"),
    [
        (
            'old; echo "Sorry, try again." >&2; old',
            1,
            sudo.ASKS,
            "Sorry, try again.\n",
        ),
        (
            "rs; echo no >&2; rs",
            1,
            sudo.ASKS,
            "no\n",
        ),
        (
            'old; echo "phil is not in the sudoers file." >&2; exit 1',
            1,
            "",
            "phil is not in the sudoers file.\n",
        ),
        ('old; [ "$p" = "$WANTED" ]', 0, "", ""),
    ],
    ids=["sudo", "sudo-rs", "a refusal", "the right one"],
)
def test_a_password_is_tried_once(tmp_path: Path, asks: str, code: int, said: str, heard: str) -> None:
    found = stands_in(tmp_path, "sudo", f"{asks}\nstatus=$?\necho >>{tmp_path}/ended\nexit $status")
    done = ran(sudo.tried("root", "mark"), f"{PASSWORD}\n", found)
    assert (done.returncode, done.stdout, done.stderr) == (code, said, f"mark\n{heard}")
    assert (tmp_path / "ended").exists() == (not code)


@pytest.mark.parametrize(
    ("does", "code", "said"),
    [
        ("old; echo counted >&2", 1, sudo.ASKS),
        ("rs; echo counted >&2", 1, sudo.ASKS),
        ("true", 0, ""),
        ("echo 'phil may not run sudo' >&2; exit 1", 1, ""),
    ],
    ids=["sudo asks", "sudo-rs asks", "it asks nothing", "it refuses"],
)
def test_whether_sudo_wants_a_password_is_asked_without_giving_a_wrong_one(
    tmp_path: Path, does: str, code: int, said: str
) -> None:
    done = ran(sudo.wanted("root"), "", stands_in(tmp_path, "sudo", does))
    assert (done.returncode, done.stdout) == (code, said)
    assert "counted" not in done.stderr
    assert ("may not run sudo" in done.stderr) == ("may not" in does)


@pytest.mark.parametrize(
    ("version", "wants", "how"),
    [
        ("echo Sudo version 1.9", "rs", "sudo -n"),
        ("echo sudo-rs 0.2.5 >&2", "rs", ""),
        ("echo sudo-rs 0.2.5 >&2", "true", "sudo -n"),
    ],
    ids=["the sudo of old", "sudo-rs with a password", "sudo-rs without one"],
)
def test_a_look_tries_no_sudo_that_would_count_as_a_wrong_password(
    tmp_path: Path, version: str, wants: str, how: str
) -> None:
    found = stands_in(tmp_path, "sudo", f'[ "$1" != -V ] || {{ {version}; exit; }}\n{wants}')
    stands_in(tmp_path, "id", "echo 1000")
    done = ran(f'{sudo.freely("iptables -S")}echo "$s"', "", found)
    assert done.stdout == f"{how}\n"


def test_a_host_without_sudo_says_so(tmp_path: Path) -> None:
    (tmp_path / "perl").symlink_to("/usr/bin/perl")
    (tmp_path / "env").symlink_to("/usr/bin/env")
    done = ran(sudo.wanted("root"), "", {"PATH": str(tmp_path)})
    assert (done.returncode, done.stdout) == (127, "")
    assert "sudo cannot be run: No such file or directory" in done.stderr


def test_whoever_prints_a_prompt_or_even_the_mark_afterwards_gets_nothing() -> None:
    mark, answered = new_mark(), threading.Event()
    streams = [sudo.Once(mark, PASSWORD, answered) for _ in range(2)]
    assert list(streams[0].submit("[sudo] password for maint: ")) == []
    assert list(streams[0].submit(f"{mark}\n")) == [f"{PASSWORD}\n"]
    assert [list(one.submit(f"{mark}\n{mark}\nospreyops-sudo-password:")) for one in streams] == [[], []]
    assert new_mark() != mark


def test_the_exit_status_is_that_of_the_program(environment: dict[str, str]) -> None:
    for words in (sudo.stream('sh -c "exit 7"', "root"), sudo.run('sh -c "exit 7"', "root", "mark")):
        assert ran(words, f"{PASSWORD}\n", environment).returncode == 7
