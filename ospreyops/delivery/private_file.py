"""Write a file with secrets in it to a host."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from ..errors import Failed
from ..remote.command import Command, sh
from ..remote.host import Host
from ..remote.protocol import check_begun
from ..secret import Secret

LIMIT = 30


@dataclass(frozen=True)
class PrivateFile:
    """Write a file that only its owner may read, whole or not at all.

    owner: who that is, where root writes it; "" for the user who writes it.
    Its text is the input of the line, and on no line: those are in the history, and in the host's list of processes.
    """

    path: str
    text: Secret
    owner: str = ""

    def __str__(self) -> str:
        return str(self._line("umask 077 && printf %s {text} >{path}"))

    def perform(self, host: Host) -> None:
        """Errors: Failed when it is not written."""
        data = self.text.reveal().encode()
        made = "umask 022 && mkdir -p {folder} && umask 077 && rm -f {new} && cat >{new}"
        given = " && chown {owner} {new}" if self.owner else ""
        whole = f" && [ $(wc -c <{{new}}) -eq {len(data)} ]"
        stream = host.stream(self._line(f"{made}{whole}{given} && mv -f {{new}} {{path}}"))
        with suppress(OSError, EOFError):
            stream.sock.sendall(data)
        ended = stream.finish()
        check_begun(host.name, ended)
        if not ended.ok:
            raise Failed(f"{self.path} could not be written: {ended.last_line}")

    def _line(self, template: str) -> Command:
        folder = self.path.rpartition("/")[0]
        values = {"folder": folder, "new": f"{self.path}.new", "path": self.path, "text": self.text}
        own = folder if self.owner else ""
        return sh(template, limit=LIMIT, sudo=bool(self.owner), own=own, owner=self.owner, **values)
