"""Colours, whether there are any and whether they can be read; and marks without Unicode."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from dataclasses import astuple

import pytest

from ospreyops.colour import MANY, PLAIN, SIXTEEN, Palette, palette
from ospreyops.console import Console, Screen
from tests.contrast import contrast

GROUNDS = {"white": "ffffff", "black": "000000", "Solarized light": "fdf6e3", "Solarized dark": "002b36"}
THEMES = {
    "xterm": {"31": "cd0000", "32": "00cd00"},
    "VGA": {"31": "aa0000", "32": "00aa00"},
    "Solarized": {"31": "dc322f", "32": "859900"},
}
"""What terminals show for the colours of SIXTEEN."""
LEVELS = (0, 95, 135, 175, 215, 255)
"""Of red, green and blue in xterm's cube of 216 colours."""


class Terminal(io.StringIO):
    """An output that a person reads."""

    def isatty(self) -> bool:
        return True


def fixed(code: str) -> str:
    """The colour of a code of MANY: xterm's 216 colours and 24 greys, which no theme changes."""
    found = re.fullmatch(r"\x1b\[38;5;([0-9]+)m", code)
    assert found and 16 <= int(found[1]) <= 255
    number = int(found[1]) - 16
    parts = [8 + 10 * (number - 216)] * 3 if number >= 216 else [LEVELS[number // by % 6] for by in (36, 6, 1)]
    return "".join(f"{part:02x}" for part in parts)


@pytest.mark.parametrize("ground", GROUNDS)
def test_every_colour_of_256_can_be_read_on_light_and_dark_grounds(ground: str) -> None:
    found = {code: contrast(fixed(code), GROUNDS[ground]) for code in astuple(MANY)}
    assert {code: ratio for code, ratio in found.items() if ratio < 3.1} == {}
    assert contrast(fixed(MANY.dim), GROUNDS[ground]) > 3.6, "these are words, not only marks"


@pytest.mark.parametrize("theme", THEMES)
def test_the_marks_of_sixteen_colours_stand_out_on_the_grounds_of_their_theme(theme: str) -> None:
    for name, ground in GROUNDS.items():
        if name.startswith("Solarized") == (theme == "Solarized"):
            for code in filter(None, astuple(SIXTEEN)):
                assert contrast(THEMES[theme][code[2:4]], ground) > 2.1, name


def test_of_sixteen_colours_no_word_gets_one_and_nothing_is_dim() -> None:
    assert (SIXTEEN.step, SIXTEEN.dim) == ("", "")
    assert not any("\x1b[2m" in code for code in (*astuple(SIXTEEN), *astuple(MANY)))


@pytest.mark.parametrize(
    ("environ", "on_terminal", "in_file"),
    [
        ({"TERM": "xterm"}, SIXTEEN, PLAIN),
        ({}, SIXTEEN, PLAIN),
        ({"TERM": "xterm-256color"}, MANY, PLAIN),
        ({"TERM": "tmux-256color", "CLICOLOR": "1"}, MANY, PLAIN),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, MANY, PLAIN),
        ({"TERM": "dumb"}, PLAIN, PLAIN),
        ({"TERM": "xterm", "NO_COLOR": "1"}, PLAIN, PLAIN),
        ({"TERM": "xterm", "NO_COLOR": ""}, SIXTEEN, PLAIN),
        ({"TERM": "xterm", "CLICOLOR": "0"}, PLAIN, PLAIN),
        ({"TERM": "xterm", "FORCE_COLOR": "0"}, PLAIN, PLAIN),
        ({"TERM": "xterm", "FORCE_COLOR": "1"}, SIXTEEN, SIXTEEN),
        ({"TERM": "xterm", "FORCE_COLOR": ""}, SIXTEEN, PLAIN),
        ({"TERM": "xterm", "CLICOLOR_FORCE": "1", "CLICOLOR": "0"}, SIXTEEN, SIXTEEN),
        ({"TERM": "xterm", "CLICOLOR_FORCE": "0"}, SIXTEEN, PLAIN),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, SIXTEEN, SIXTEEN),
        ({"TERM": "xterm-256color", "FORCE_COLOR": "1", "NO_COLOR": "1"}, PLAIN, PLAIN),
    ],
    ids=str,
)
def test_colours_come_and_go_as_the_environment_says(
    environ: dict[str, str], on_terminal: Palette, in_file: Palette
) -> None:
    assert palette(environ, Terminal()) == on_terminal
    assert palette(environ, io.StringIO()) == in_file


def test_a_text_is_painted_only_where_there_is_a_style_and_a_colour() -> None:
    assert SIXTEEN.paint("✓", "good") == "\x1b[32m✓\x1b[0m"
    assert [SIXTEEN.paint("x", "dim"), SIXTEEN.paint("x", ""), SIXTEEN.paint("", "good"), PLAIN.paint("x", "bad")] == [
        *("x", "x", "", "x"),
    ]


def test_the_rows_of_a_table_stand_below_each_other_without_unicode() -> None:
    with redirect_stdout(io.StringIO()) as out:
        console = Console(Screen(), "olympias")
        for good in (True, False, None):
            console.row(good, "title", "text")
    assert [line.index("title") for line in out.getvalue().splitlines()] == [7, 7, 7]
