"""The telling words of the lines that a host has run: what was done, in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable

DRAIN = "kill -TERM $(pidof caddy)"
TELLING = re.compile(
    r"docker-machine (?:create|start|stop|restart|rm|regenerate-certs)|controlvm \S+ (?:poweroff|resume)"
    r"|natpf1 (?:delete )?\S+|docker (?:stop|load|rename|rm)|--to-ports \d+|--ctstate|systemctl \w+|sed"
    r"|mv -f(?= osprey)|tar -xof|osprey-service --version [0-9.]+"
)
PASSED_OVER = (
    r"^curl --insecure ",
    r"mv -f \S+/wanted\.new \S+/wanted$",
    r"^rm -f \S+/\.ospreyops/wanted$",
    r": >loading-[0-9.]+; } && perl -e '[^']*' loading-[0-9.]+$",
    r"^rm -f \S+/\.ospreyops/loading-[0-9.]+$",
    r" >>\S+/\.ospreyops/loaded$",
)
"""What a dry run waits for; and the host's own notes: the desired release, that a load began or ended, and of what."""


def short(lines: Iterable[str]) -> list[str]:
    """The telling words of each line; an AssertionError for a line that has none, and is not passed over."""
    return [words for line in lines if (words := _words(line))]


def _words(line: str) -> str:
    if DRAIN in line:
        return "drain"
    if any(re.search(pattern, line) for pattern in PASSED_OVER):
        return ""
    found = TELLING.search(re.sub("perl -e '[^']*'", "perl", line))
    assert found, f"short() knows no words for this line: {line}"
    return found[0]
