"""Which colours an output gets, if any.

Where a terminal has 256 colours, those are taken that no theme changes and that stand out on white, black and both of
Solarized's grounds (tests/test_colour.py). Of the sixteen that a theme defines, only the marks get one, for their sign
says the same: a word in cyan, or a dim one, is hard to read on a light ground.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

RESET = "\x1b[0m"
OFF = ("0", "false")
"""Values of FORCE_COLOR and CLICOLOR_FORCE that do not force."""


@dataclass(frozen=True)
class Palette:
    """What switches each style on; "" where it looks like all other text."""

    good: str = ""
    bad: str = ""
    step: str = ""
    dim: str = ""

    def paint(self, text: str, style: str) -> str:
        """The text in a style, named as the fields above are; as it is in "" and where there is no colour."""
        on = getattr(self, style) if style else ""
        return f"{on}{text}{RESET}" if text and on else text


PLAIN = Palette()
SIXTEEN = Palette(good="\x1b[32m", bad="\x1b[31m")
MANY = Palette(good="\x1b[38;5;28m", bad="\x1b[38;5;196m", step="\x1b[38;5;31m", dim="\x1b[38;5;244m")


def palette(environ: Mapping[str, str], stream: IO[str]) -> Palette:
    """The colours of an output. NO_COLOR comes first, then what forces them, then what the terminal is."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR"):
        return PLAIN
    if not _forced(environ):
        forbidden = environ.get("FORCE_COLOR") in OFF or environ.get("CLICOLOR") == "0" or term == "dumb"
        if forbidden or not stream.isatty():
            return PLAIN
    many = "256color" in term or environ.get("COLORTERM") in ("truecolor", "24bit")
    return MANY if many else SIXTEEN


def _forced(environ: Mapping[str, str]) -> bool:
    return any(environ.get(name) and environ[name] not in OFF for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
