"""`make bench`: the tool's ways beside the runbook's, or a peer's, in turn. Ratios count, not seconds.

`make bench ROW=load` measures one row, `SIZE=50 ROUNDS=1` tries it small. What at least five rounds of 730 MB of image
found is kept in docs/benchmarks, and makes the end of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import platform
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tests.bench import rows
from tests.bench.bench import Bench, bench
from tests.bench.figures import Figure, described
from tests.conftest import PROJECT

SIZE, ROUNDS = 730, 5
ORDER = (
    *("load", "load_bzip2", "reload", "there", "upgrade", "send_upgrade", "send_upgrade_slow", "send"),
    *("look", "noop", "start", "fan_out", "deploy", "switch", "heal"),
)
"""The rows of a whole bench."""
TABLE, FOUND = PROJECT / "docs/benchmarks.md", PROJECT / "docs/benchmarks"
"""The document, and what each row of it was made from, with each round."""
HEAD = """## What `make bench` found

Each figure is the median of all rounds. The ratio is to the first way of a table, or of those with the same number of
hosts. The image of the rows `load` to `send` is made of the files in /usr, as one stream of bzip2 in its biggest
blocks."""
"""Where the tables begin in that document; they are its end."""


def main() -> None:
    """Measure the rows that are named, or all, and print a table of each."""
    known = sorted(module.name for module in pkgutil.iter_modules(rows.__path__))
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the tool beside its peers.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(known)} (default: all but ci)")
    parser.add_argument("--size", type=int, default=SIZE, help="of the image, in megabytes (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each way is gone (default: %(default)s)")
    given = parser.parse_args()
    names = [row.replace("-", "_") for row in given.rows] or list(ORDER)
    for name in names:
        if name not in known:
            parser.error(f"there is no row {name}; there are {', '.join(known)}")
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            place = Path(folder) / name
            place.mkdir()
            with bench(place, given.size, given.rounds) as made:
                measure(name, made)


def measure(name: str, made: Bench) -> None:
    """Measure a row, and print it; a whole one is kept, and gets into the document."""
    row = importlib.import_module(f"tests.bench.rows.{name}")
    found = list(row.figures(made))
    print(f"{text(name, str(row.__doc__), found)}\n", flush=True)
    if made.size < SIZE or made.rounds < ROUNDS:
        return
    kept = {
        "title": row.__doc__,
        "size": made.size,
        "rounds": made.rounds,
        "machine": machine(),
        "figures": [figure.data for figure in found],
    }
    FOUND.mkdir(exist_ok=True)
    (FOUND / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
    TABLE.write_text(f"{by_hand()}\n\n{table()}")


def text(name: str, title: str, figures: list[Figure]) -> str:
    """A row as the document has it."""
    return described(f"{name}: {title}", figures)


def by_hand() -> str:
    """The document before its tables."""
    return TABLE.read_text().partition(HEAD.splitlines()[0])[0].rstrip()


def table() -> str:
    """The end of the document, of all rows that were measured whole."""
    parts, machines = [HEAD], []
    for name in [*ORDER, "ci"]:
        if kept := read(FOUND / f"{name}.json"):
            found = [Figure(one["way"], tuple(one["rounds"]), one["ratio"], one["note"]) for one in kept["figures"]]
            parts.append(text(name, kept["title"], found))
            machines.append(kept["machine"])
    taken = "\n".join(f"- {one}" for one in dict.fromkeys(machines))
    return "\n\n".join([*parts, f"Taken on:\n\n{taken}"]) + "\n"


def read(path: Path) -> Any:
    """What is kept of a row; None where it was not measured."""
    return json.loads(path.read_text()) if path.exists() else None


def machine() -> str:
    """What the figures were taken on, and when."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(": ")[2] for line in info if line.startswith("model name")] or ["unknown"]
    day = datetime.now(timezone.utc).date()
    return f"{day}: {os.cpu_count()} processors ({models[0]}), {platform.system()} {platform.release()}"


if __name__ == "__main__":
    main()
