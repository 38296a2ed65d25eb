"""What a host, a service or a banner says is printed so that it does not steer the terminal."""

from __future__ import annotations

import io
import json
import unicodedata
from contextlib import redirect_stderr, redirect_stdout

from hypothesis import given, settings
from hypothesis import strategies as st

from ospreyops.console import Console, Screen
from ospreyops.errors import Failed

CONTROL = st.sampled_from(
    ["\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\r", "\b", "\x7f", "\u202e", "\u2028", "\ud800", "\x00", "\x85"]
)
"""What steers a terminal, or hides what is printed."""
ANYTHING = st.lists(CONTROL | st.text(max_size=5), max_size=5).map("".join)


@given(ANYTHING)
@settings(max_examples=300, deadline=None)
def test_nothing_that_a_host_says_steers_the_terminal(text: str) -> None:
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        console = Console(Screen(), "olympias")
        for tell in (console.say, console.success, console.dim, console.plain):
            tell(text)
        console.row(True, "service", text)
        console.dry_step(text, text)
        console.error(Failed(text, evidence=text, hint=text))
        with console.step(text, text, text), console.waiting(text):
            console.lines().write(text + "\n")
        console.data({"said": text})
    printed = (out.getvalue() + err.getvalue()).replace("\n", "").replace("\t", "")
    assert [sign for sign in printed if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")] == []
    assert json.loads(out.getvalue().splitlines()[-1]) == {"said": text}
