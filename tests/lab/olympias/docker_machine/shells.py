"""`env`: variables in the words of a shell."""

from __future__ import annotations

import os
from pathlib import Path

from . import engine
from .errors import Failure, Unknown
from .store import Store
from .virtualbox import VirtualBox

NAMES = ("DOCKER_TLS_VERIFY", "DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_MACHINE_NAME")
OTHERS = ("cmd", "powershell", "tcsh", "emacs")
HINT = (
    "The default lines below are for a sh/bash shell, you can specify the shell you're using, with the --shell flag.\n"
)


def env(store: Store, names: list[str], shell: str, no_proxy: bool, words: list[str]) -> None:
    """Print what sets the variables, once a TLS connection could be made."""
    machine = store.one(names)
    try:
        url = VirtualBox(machine).url()
        engine.check(machine, url)
    except Failure as failure:
        raise Failure(f"Error checking TLS connection: {failure}") from None
    shell = _known(shell)
    values = dict(zip(NAMES, ("1", url, str(machine.folder), machine.name)))
    if no_proxy:
        name, value = _no_proxy(url.split("/")[2].split(":")[0])
        values[name] = value
    form = 'set -gx {} "{}";' if shell == "fish" else 'export {}="{}"'
    _print([form.format(name, value) for name, value in values.items()], shell, words)


def unset(names: list[str], shell: str, words: list[str]) -> None:
    """Print what unsets the variables."""
    if names:
        raise Failure("Error: Expected no machine name when the -u flag is present")
    shell = _known(shell)
    if shell == "fish":
        raise Unknown("env -u for fish")
    _print([f"unset {name}" for name in NAMES], shell, words)


def _known(shell: str) -> str:
    """The shell's name, from the environment if need be."""
    shell = shell or Path(os.environ.get("SHELL", "")).name
    if not shell:
        print(HINT)
        raise Failure("Error: Unknown shell")
    if shell in OTHERS:
        raise Unknown(f"the words of {shell}")
    return shell


def _no_proxy(address: str) -> tuple[str, str]:
    """The variable with the address added."""
    name = "no_proxy" if "no_proxy" in os.environ and "NO_PROXY" not in os.environ else "NO_PROXY"
    known = [value for value in os.environ.get(name, "").split(",") if value]
    return name, ",".join(known if address in known else [*known, address])


def _print(lines: list[str], shell: str, words: list[str]) -> None:
    call = " ".join(["docker-machine", *words])
    lines += ["# Run this command to configure your shell: ", f"# eval {'' if shell == 'fish' else '$'}({call})"]
    print("\n".join(lines), flush=True)
