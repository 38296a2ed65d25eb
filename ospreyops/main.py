"""The command `ospreyops`: the tasks that `inv` has in a checkout."""

from __future__ import annotations

from . import tasks
from .daemon.bundle import program


def main() -> None:
    """Run the command line of this process."""
    program(tasks.ns, "ospreyops").run()


if __name__ == "__main__":
    main()
