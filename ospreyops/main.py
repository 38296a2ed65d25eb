"""The command `ospreyops`: the tasks that `inv` has in a checkout."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from .commandline.listing import namespace
from .commandline.program import CommandLine, collect_less
from .config.places import project
from .daemon import bundle


class Config(bundle.Config):
    """Where the settings are for this command: in the nearest invoke.yaml, too, without a tasks.py beside it."""

    sealed = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "lazy": True})
        with suppress(OSError):
            self.set_project_location(project(Path.cwd()))


def main() -> None:
    """Run the command line of this process."""
    collect_less()
    bundle.program(namespace(), "ospreyops", Config, CommandLine).run()


if __name__ == "__main__":
    sys.argv[0] = "ospreyops"
    main()
