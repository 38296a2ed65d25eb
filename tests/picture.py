"""The README's picture, docs/screens/deploy.svg: a deploy on a terminal, drawn by rich. `make screens` makes it.

It has two grounds, for a light and for a dark page; the tool's colours can be read on both. It loads nothing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import groupby

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.screens import FOLDER
from tests.terminal import Terminal

FILE = FOLDER / "deploy.svg"
COLUMNS = 80
TYPED = "deploy --version 0.4 -H grisman-36"
LIGHT, DARK = ("#ffffff", "#1f2328"), ("#0d1117", "#e6edf3")
"""The ground and the text of a light page, and of a dark one."""


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


FORMAT = f"""<svg class="page" viewBox="0 0 {{width}} {{height}}" xmlns="http://www.w3.org/2000/svg">
<title>inv {TYPED}</title>
<style>
.page {{{{ color: rgb{_rgb(LIGHT[1])} }}}}
.page rect[fill="{LIGHT[0]}"] {{{{ stroke: #808080 }}}}
@media (prefers-color-scheme: dark) {{{{
.page {{{{ color: {DARK[1]} }}}}
.page rect[fill="{LIGHT[0]}"] {{{{ fill: {DARK[0]} }}}}
}}}}
.{{unique_id}}-matrix, .{{unique_id}}-title {{{{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace }}}}
.{{unique_id}}-matrix {{{{ font-size: {{char_height}}px; line-height: {{line_height}}px }}}}
.{{unique_id}}-title {{{{ font-size: 16px }}}}
{{styles}}
</style>
<defs>
<clipPath id="{{unique_id}}-clip-terminal"><rect width="{{terminal_width}}" height="{{terminal_height}}" /></clipPath>
{{lines}}
</defs>
{{chrome}}
<g transform="translate({{terminal_x}}, {{terminal_y}})" clip-path="url(#{{unique_id}}-clip-terminal)">
{{backgrounds}}
<g class="{{unique_id}}-matrix">
{{matrix}}
</g>
</g>
</svg>
"""


def drawn() -> str:
    """The picture of a run that is made now."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in _run():
        console.print(line, no_wrap=True, highlight=False)
    ground, text = map(_rgb, LIGHT)
    theme = TerminalTheme(ground, text, [text] * 8)
    svg = console.export_svg(title=f"inv {TYPED}", theme=theme, code_format=FORMAT, unique_id="deploy")
    return svg.replace(LIGHT[1], "currentColor")


def _run() -> Iterator[Text]:
    """The lines of a terminal with their colours."""
    terminal = Terminal("-m", "tests.sim.on_terminal", "typical", *TYPED.split(), columns=COLUMNS, lines=40)
    lines = terminal.end()
    for row in range(len(lines)):
        cells, text = [terminal.screen.buffer[row][column] for column in range(COLUMNS)], Text()
        for colour, alike in groupby(cells, key=lambda cell: cell.fg):
            text.append("".join(cell.data for cell in alike), "" if colour == "default" else f"#{colour}")
        text.rstrip()
        yield text


def steady(svg: str) -> str:
    """The picture without what is never the same: seconds, and bytes a second."""
    return re.sub(r"[0-9.]+(&#160;M?B?/?s\b)", r"N\1", svg)


def draw() -> None:
    """Make the picture anew, if it shows anything else than other seconds."""
    svg = drawn()
    if not FILE.exists() or steady(FILE.read_text("utf-8")) != steady(svg):
        FILE.write_text(svg, "utf-8")


if __name__ == "__main__":
    draw()
