"""A task that changes a simulated host, in a process of its own: `python -m tests.sim.changing FOLDER LINE`.

It says "begun" when it is about to do a step, and does it once it is told to on standard input.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.conftest import simulate
from tests.sim.host import SimHost


def main(folder: str, line: str) -> int:
    """Run the line on a host whose history is in the folder."""
    host = SimHost(files=Path(folder))
    out = sys.stdout

    def ask(_: str) -> None:
        print("begun", file=out, flush=True)
        sys.stdin.readline()

    host.before_run = ask
    ran = simulate(line, host)
    print(ran.said)
    return ran.code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
