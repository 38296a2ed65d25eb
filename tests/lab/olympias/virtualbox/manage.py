"""The command line of VBoxManage: what the field book knows, and no more."""

from __future__ import annotations

import sys
from typing import Callable

from . import control, info, settings
from .errors import Failure, Syntax
from .registry import Registry

VERSION = "6.1.26r145957"
COMMANDS: dict[str, Callable[[Registry, list[str]], None]] = {
    "list": info.list_,
    "showvminfo": info.showvminfo,
    "startvm": control.startvm,
    "controlvm": control.controlvm,
    "discardstate": control.discardstate,
    "createvm": settings.createvm,
    "modifyvm": settings.modifyvm,
    "storagectl": settings.storagectl,
    "storageattach": settings.storageattach,
    "convertfromraw": settings.convertfromraw,
    "unregistervm": settings.unregistervm,
    "guestproperty": settings.guestproperty,
    "setextradata": settings.setextradata,
    "sharedfolder": settings.sharedfolder,
    "hostonlyif": settings.hostonlyif,
    "dhcpserver": settings.dhcpserver,
}


def main(words: list[str]) -> int:
    """Run a command line, and return the exit status."""
    while words and words[0] in ("-q", "--nologo"):
        words = words[1:]
    if words in (["--version"], ["-v"]):
        print(VERSION)
        return 0
    if len(words) < 2:
        print(f"Usage:\n\nVBoxManage {' '.join(words) or '<command>'} ...")
        return 1
    try:
        registry = Registry()
        registry.hang(words[0])
        registry.misbehave()
        try:
            if words[0] not in COMMANDS:
                raise Syntax(f"Invalid command '{words[0]}'.")
            COMMANDS[words[0]](registry, words[1:])
        except Syntax:
            registry.refused(words)
            raise
    except Failure as failure:
        sys.stdout.flush()
        for line in failure.lines:
            print(f"VBoxManage: error: {line}", file=sys.stderr)
        return failure.status
    return 0
