"""`python -m tests.bench.start`: what a list of tasks and a TAB cost beside those of a tasks.py with one empty task."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.conftest import PROJECT

ROUNDS = 21
EMPTY = 'from invoke import task\n\n\n@task\ndef nothing(c):\n    "Do nothing."\n'
ROWS = {
    "inv --list": ["--list"],
    "TAB after `inv deploy --`": ["--complete", "--", "inv", "deploy", "--"],
    "TAB after `inv deploy --version `": ["--complete", "--", "inv", "deploy", "--version", ""],
}


def processor(folder: Path, words: list[str]) -> float:
    """Seconds of the processor that `inv WORD …` takes there."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "invoke", *words], cwd=folder, env=env, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure both in turn, and print the medians as a table and as a line of JSON."""
    told = {}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "tasks.py").write_text(EMPTY)
        for row, words in ROWS.items():
            processor(PROJECT, words)
            rounds = [(processor(Path(folder), words), processor(PROJECT, words)) for _ in range(ROUNDS)]
            empty, own = (median(column) for column in zip(*rounds))
            told[row] = {"empty": round(empty, 3), "own": round(own, 3), "ratio": round(own / empty, 2)}
    print("| row | an empty tasks.py | this one | ratio |\n|---|---|---|---|")
    for row, found in told.items():
        print(f"| {row} | {found['empty']} s | {found['own']} s | {found['ratio']} |")
    print(json.dumps(told))


if __name__ == "__main__":
    main()
