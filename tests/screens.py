"""The screens that are kept in docs/screens: `make screens` makes them anew, a test compares them."""

from __future__ import annotations

import re

from tests.conftest import PROJECT
from tests.terminal import Terminal

FOLDER = PROJECT / "docs" / "screens"
WIDTHS = (80, 120)
SCREENS = {
    "upgrade": "upgrade deploy --version 0.4 -H sim",
    "nothing-to-do": "upgrade deploy --version 0.3 -H sim",
    "dry-run": "upgrade --dry deploy --version 0.4 -H sim",
    "failed-deploy": "failing deploy --version 0.4 -H sim",
    "status": "upgrade status -H sim",
}
"""Name -> the world that it begins in, and what is typed."""


def captured(name: str, columns: int) -> str:
    """What a terminal shows in the end; seconds, which are never the same, are N."""
    world, *words = SCREENS[name].split()
    with Terminal("-m", "tests.sim.on_terminal", world, *words, columns=columns) as terminal:
        left = terminal.end()
    lines = [f"$ inv {' '.join(words)}", *(line for line in left)]
    return re.sub(r"\([0-9.]+ s\)", "(N s)", "\n".join(lines)) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for screen in SCREENS:
        for width in WIDTHS:
            (FOLDER / f"{screen}-{width}.txt").write_text(captured(screen, width), "utf-8")
