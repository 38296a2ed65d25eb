"""QEMU's machine protocol: one command, one answer, over the socket of a VM's process."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path
from typing import Any, Optional


class QmpError(RuntimeError):
    """QEMU refused a command, or ended before it answered."""


class Qmp:
    """A connection to a VM's process; it waits, like VBoxManage, as long as the process stands still."""

    def __init__(self, path: Path) -> None:
        """Connect, and say that commands will come."""
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(str(path))
            self._stream = self._socket.makefile("rw")
            self._stream.readline()
            self("qmp_capabilities")
        except (OSError, QmpError):
            self._socket.close()
            raise

    def __enter__(self) -> Qmp:
        return self

    def __exit__(self, *error: object) -> None:
        self._stream.close()
        self._socket.close()

    def __call__(self, command: str, **arguments: object) -> Any:
        """Run a command, and return what it returns."""
        try:
            self._stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
            self._stream.flush()
            answer = self._answer()
        except OSError:
            answer = None
        if answer is None:
            raise QmpError(f"{command}: QEMU has ended")
        if "error" in answer:
            raise QmpError(f"{command}: {answer['error']['desc']}")
        return answer["return"]

    def monitor(self, line: str) -> str:
        """Run a line of the human monitor, whose failures are text like its answers."""
        return str(self("human-monitor-command", **{"command-line": line})).strip()

    def end(self) -> None:
        """Read until QEMU hangs up."""
        with contextlib.suppress(ConnectionResetError):
            while self._answer():
                pass

    def _answer(self) -> Optional[dict[str, Any]]:
        """The next message that is no event, or none at the end."""
        for line in self._stream:
            message: dict[str, Any] = json.loads(line)
            if "event" not in message:
                return message
        return None
