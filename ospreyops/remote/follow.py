"""A line whose output is shown while it runs, until Ctrl-C."""

from __future__ import annotations

from dataclasses import replace

from .command import Command
from .host import Host


def follow_line(host: Host, command: Command) -> None:
    """Show what a line prints until it ends, or until Ctrl-C, which ends it on the host, too. Errors: Unreachable."""
    stream = host.stream(replace(command, line=f"{command.line} & p=$!; cat >/dev/null; kill $p"))
    lines = host.console.lines(indent="")
    try:
        while (part := stream.sock.recv(65536)) and not host.console.screen.unread:
            lines.write(part.decode(errors="replace"))
    except KeyboardInterrupt:
        return
    finally:
        ended = stream.finish()
    if ended.code < 0:
        raise host.lost()
