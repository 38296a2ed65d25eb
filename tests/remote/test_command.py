"""Values in shell lines, as a real /bin/sh reads them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ospreyops.remote.command import Command, quote, sh

HOME = "/home/jeff martin"
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
VALUES = st.lists(TEXT.filter(lambda text: text != "~" and not text.startswith("~/")), min_size=1, max_size=20)
SUDO = '#!/bin/sh\nWHO=root exec "$@"\n'


def shell(line: str, home: str = HOME, path: str = os.environ["PATH"]) -> str:
    """What /bin/sh prints for the line, byte by byte."""
    environment = {"HOME": home, "PATH": path, "WHO": "user"}
    ended = subprocess.run(["/bin/sh", "-c", line], stdout=subprocess.PIPE, check=True, env=environment, timeout=20)
    return ended.stdout.decode()


@settings(max_examples=50, deadline=None)
@given(VALUES)
@example(["it's", 'a "b"', "a\nb\n", "\n", "", " ", "-rf", "--", "$HOME", "`id`", "$(id)", "a;b", "*", "\\", "~root"])
@example(["é ü 漢字 🦉", "!", "#", "{x}", "%s", "=", "~+", "a~/b"])
def test_a_quoted_value_reaches_the_command_as_it_was(values: list[str]) -> None:
    line = "printf '%s\\0' " + " ".join(map(quote, values))
    assert shell(line) == "".join(f"{value}\0" for value in values)


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=20))
@example(["osprey/service-docker", "my folder", "it's", "", "*", "a\nb"])
def test_a_path_in_the_home_folder_is_found_there_whatever_its_name(names: list[str]) -> None:
    line = "printf '%s\\0' " + " ".join(quote(f"~/{name}") for name in names)
    assert shell(line) == "".join(f"{HOME}/{name}\0" for name in names)


def test_a_path_in_the_home_folder_works_in_a_redirection_and_an_assignment(tmp_path: Path) -> None:
    line = sh('f={log}; echo one >{log}; cat "$f"', log="~/my log", limit=5).line
    assert shell(line, home=str(tmp_path)) == "one\n"
    assert (tmp_path / "my log").read_text() == "one\n"


def test_the_home_folder_itself_can_be_a_value() -> None:
    assert shell(f"printf %s {quote('~')}") == HOME


@settings(max_examples=50, deadline=None)
@given(TEXT.map("x".__add__), TEXT.map("x".__add__))
@example("x{b}", "x$a")
def test_values_in_a_template_are_taken_as_they_are(a: str, b: str) -> None:
    assert shell(sh("printf '%s\\0' {a} {b} {a}", a=a, b=b, limit=5).line) == f"{a}\0{b}\0{a}\0"


def test_braces_of_the_shell_and_of_curl_stay_in_a_template() -> None:
    template = "x=1; { echo ${x}; }; curl --write-out %{http_code} {url}"
    assert sh(template, url="a b", limit=5).line == "x=1; { echo ${x}; }; curl --write-out %{http_code} 'a b'"


@pytest.mark.parametrize(
    "line",
    [
        "printenv WHO",
        "printenv WHO; printenv WHO",
        "true && printenv WHO",
        "printenv WHO | cat",
        "cd / && printenv WHO",
        "if true; then printenv WHO; fi",
        "for i in 1 2; do printenv WHO; done",
        "sh -c 'echo \"it'\\''s $WHO\"; printenv WHO'",
    ],
)
def test_a_line_for_root_as_it_is_shown_runs_as_root_from_end_to_end(line: str, tmp_path: Path) -> None:
    """Root is played by a sudo that sets WHO."""
    sudo = tmp_path / "sudo"
    sudo.write_text(SUDO)
    sudo.chmod(0o755)
    shown = shell(str(Command(line, 5, sudo=True)), path=f"{tmp_path}:/usr/bin:/bin")
    assert "root" in shown and "user" not in shown


def test_a_line_that_needs_no_root_is_shown_as_it_is() -> None:
    assert str(sh("docker load <{f}", f="a b.tar", limit=5)) == "docker load <'a b.tar'"
