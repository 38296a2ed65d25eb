"""Messages: info and warnings to standard output, errors and debugging to standard error."""

from __future__ import annotations

import sys


class Log:
    """The messages of one run; `env` and `config` send the information to standard error, too."""

    def __init__(self) -> None:
        self.out = sys.stdout
        self.debugging = False

    def info(self, text: str, machine: str = "") -> None:
        """Say something, as the driver of a machine if one is named."""
        print(f"({machine}) {text}" if machine else text, file=self.out, flush=True)

    def error(self, text: str) -> None:
        """Say what went wrong."""
        print(text, file=sys.stderr, flush=True)

    def debug(self, text: str, machine: str) -> None:
        """Say what a machine's driver runs, if that is wanted."""
        if self.debugging:
            print(f"({machine}) DBG | {text}", file=sys.stderr, flush=True)


LOG = Log()
