"""A list of tasks and a TAB, in seconds of the processor, beside those of a tasks.py with one empty task."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Way, alternate, processor
from tests.conftest import PROJECT

TIMES = 4
"""Such a start is short: for each round of the others, so many."""
EMPTY = 'from invoke import task\n\n\n@task\ndef nothing(c):\n    "Do nothing."\n'
LINES = {
    "inv --list": ["--list"],
    "TAB after: inv deploy --": ["--complete", "--", "inv", "deploy", "--"],
    "TAB after: inv deploy --version": ["--complete", "--", "inv", "deploy", "--version", ""],
}


def figures(bench: Bench) -> Iterator[Figure]:
    """Each line in a folder with an empty tasks.py, and here."""
    folder = bench.folder / "empty"
    folder.mkdir()
    (folder / "tasks.py").write_text(EMPTY)
    for name, words in LINES.items():
        started(PROJECT, words)()
        ways = {f"{name}, an empty tasks.py": started(folder, words), name: started(PROJECT, words)}
        yield from alternate(ways, TIMES * bench.rounds)


def started(folder: Path, words: list[str]) -> Way:
    """Seconds of the processor that `inv WORD …` takes there."""

    def way() -> float:
        before = processor()
        subprocess.run([sys.executable, "-m", "invoke", *words], cwd=folder, capture_output=True, check=True)
        return processor() - before

    return way
