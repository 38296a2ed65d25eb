"""ss and lsof, which tell who listens on a port; and the kernel's own table of connections."""

from __future__ import annotations

import re
from typing import Optional

from ..facts.host import Listener
from ..remote.command import Command
from ..text import whole_number


def show(port: int, limit: float) -> Command:
    """Show who listens on the port: ss on Linux, lsof on a Mac."""
    lsof = f"lsof -nP -iTCP:{port} -sTCP:LISTEN | tail -n +2"
    return Command(f"ss -Hltnp 'sport = :{port}' 2>/dev/null || {lsof}", limit)


def listener(printed: str) -> Optional[Listener]:
    """Who listens, from the first line of ss or lsof; ss names nobody to a user who is not root."""
    if not printed.strip():
        return None
    line = printed.strip().splitlines()[0]
    if line.startswith("LISTEN"):
        found = re.search(r'\("([^"]+)",pid=([0-9]{1,10}),', line)
        return Listener(found[1], int(found[2])) if found else Listener()
    name, pid = [*line.split(), "?", "?"][:2]
    return Listener(name, whole_number(pid))


def open_connections(table: str, port: Optional[int]) -> Optional[int]:
    """How many connections to the port /proc/net/tcp and tcp6 show as established; None when they show nothing."""
    rows = re.findall(r"^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2}) ", table, re.MULTILINE)
    return sum(int(local, 16) == port and state == "01" for local, state in rows) if "sl " in table else None
