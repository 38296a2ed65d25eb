"""The command line: global flags, a subcommand, and how its end becomes an exit status."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from . import flags
from .call import Call
from .commands import COMMANDS, VERSION
from .errors import Failure, Misuse, Unknown
from .log import LOG
from .store import Store

UNKNOWN_STATUS = 64
NOT_PASSED_ON = ("MACHINE_PLUGIN_TOKEN", "MACHINE_PLUGIN_DRIVER_NAME")
NOT_KNOWN = ("MACHINE_NATIVE_SSH", *NOT_PASSED_ON)
LS_OPTIONS = """
Options:
\x20\x20\x20
   --quiet, -q\t\t\t\t\tEnable quiet mode
   --filter [--filter option --filter option]\tFilter output based on conditions provided
   --timeout, -t "10"\t\t\t\tTimeout in seconds, default to 10s
   --format, -f \t\t\t\tPretty-print machines using a Go template
"""


def main(words: list[str]) -> int:
    """Run a command line, and return the exit status."""
    for number in (signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    root = Path(os.environ.get("MACHINE_STORAGE_PATH") or Path(os.environ.get("HOME", ""), ".docker/machine"))
    LOG.debugging = os.environ.get("MACHINE_DEBUG", "") == "1"
    rest = list(words)
    try:
        while rest and rest[0].startswith("-"):
            word = rest.pop(0)
            if word in ("-D", "--debug"):
                LOG.debugging = True
            elif word in ("-s", "--storage-path") and rest:
                root = Path(rest.pop(0))
            elif word in ("-v", "--version"):
                print(VERSION)
                return 0
            else:
                raise Unknown(f"the flag {word}")
        _run(Store(root), rest, words)
    except Misuse as misuse:
        _note(root, words)
        print(misuse, file=sys.stderr)
        usage(rest[0])
    except Failure as failure:
        LOG.error(str(failure))
        return failure.status
    except Unknown as unknown:
        _note(root, words)
        print(f"docker-machine: the field book does not know {unknown}", file=sys.stderr)
        return UNKNOWN_STATUS
    return 0


def usage(name: str) -> None:
    """What a mistyped flag is answered with."""
    command = COMMANDS[name]
    options = " [OPTIONS]" if command.flags else ""
    print(f"Incorrect Usage.\n\nUsage: docker-machine {name}{options} [arg...]\n\n{command.about}")
    print(LS_OPTIONS if name == "ls" else "", end="", flush=True)


def _run(store: Store, rest: list[str], words: list[str]) -> None:
    """Run a subcommand."""
    if not rest or set(NOT_KNOWN) & set(os.environ):
        raise Unknown("that" if rest else "a call without a subcommand")
    name, *arguments = rest
    if name in ("upgrade", "mount", "help"):
        raise Unknown(name)
    if name not in COMMANDS:
        program = "docker-machine"
        raise Failure(f"{program}: '{name}' is not a {program} command. See '{program} --help'.")
    command = COMMANDS[name]
    if command.raw:
        values: dict[str, object] = {}
    else:
        values, arguments = flags.parse(arguments, command.flags, command.short)
    command.run(Call(store, values, arguments, words))


def _note(root: Path, words: list[str]) -> None:
    """Note a command line that is not in the field book, for the tests to find."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / "refused").open("a") as file:
        file.write(json.dumps(words) + "\n")
