"""systemctl, for the unit `osprey` that the release's install.sh makes (field book: osprey-release, 4 and 9)."""

from __future__ import annotations

import re
from typing import Optional

from ..facts.host import Unit
from ..release import VERSION
from ..remote.command import Command, sh


def show_unit(unit: str, limit: float) -> Command:
    """Show what systemd knows of the unit; nothing where systemd is not the init."""
    keys = "-p LoadState -p ActiveState -p FragmentPath -p WorkingDirectory -p ExecStart -p DropInPaths"
    return sh(f"[ ! -d /run/systemd/system ] || systemctl show {{unit}} {keys}", unit=unit, limit=limit)


def unit(printed: str) -> Optional[Unit]:
    """The unit that `show_unit` printed; None where there is no such unit, or no systemd."""
    said = dict(line.partition("=")[::2] for line in printed.splitlines())
    if said.get("LoadState") != "loaded":
        return None
    version = re.search(rf"(?:--version|-v) +({VERSION.pattern})(?![0-9.])", said.get("ExecStart", ""))
    return Unit(
        said.get("ActiveState", ""),
        said.get("FragmentPath", ""),
        said.get("WorkingDirectory", ""),
        version[1] if version else "",
        tuple(said.get("DropInPaths", "").split()),
    )
