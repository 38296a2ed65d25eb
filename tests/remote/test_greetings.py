"""What a login shell says by itself is no answer of the line that it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ospreyops.console import Console, Screen
from ospreyops.errors import Blocked, Failed
from ospreyops.remote import sudo
from ospreyops.remote.command import Answer, Command
from ospreyops.remote.host import Host
from ospreyops.settings import HERE, Settings

GREETING = "echo Welcome; echo stty: not a terminal >&2; printf 'be good'; printf 'perl: warning' >&2\n"


@pytest.fixture(autouse=True)
def greets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This computer has a shell that greets on both of its outputs."""
    (tmp_path / "rc").write_text(GREETING)
    monkeypatch.setenv("BASH_ENV", str(tmp_path / "rc"))


def here() -> Host:
    return Host(Settings(HERE), Console(Screen(), HERE, verbose=True))


def test_a_line_that_is_run_has_said_nothing_but_its_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    answer = here().run(Command("echo é; echo ü >&2; printf end", 10))
    assert (answer.out, answer.err) == ("é\nend", "ü\n")
    assert sorted(capsys.readouterr().out.split()) == ["end", "é", "ü"]


def test_a_line_that_fails_in_silence_is_not_told_with_the_greeting() -> None:
    with pytest.raises(Failed, match=r"^exit status 3: it printed nothing$"):
        here().run(Command("exit 3", 10))


@pytest.mark.parametrize("first", ["be good" + sudo.ASKS, f"Welcome\n{sudo.ASKS}{sudo.ASKS}"])
def test_sudo_that_asks_behind_a_greeting_is_understood(first: str) -> None:
    with pytest.raises(Blocked, match="needs the password of phil, and there is no terminal"):
        sudo.asked(here().console, "phil", Answer(1, first, "stty: not a terminal\n"), lambda _: Answer(0))


def test_a_greeting_does_not_make_a_password_of_none() -> None:
    assert sudo.asked(here().console, "phil", Answer(0, f"Welcome\n{sudo.ASKS}"), lambda _: Answer(1)) == ""
