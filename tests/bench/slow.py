"""A connection that sends 10 Mbit/s, as ssh's ProxyCommand: `python slow.py HOST PORT`."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time

RATE = 1_250_000
"""Bytes a second."""
AHEAD = 0.05
"""Seconds that an idle connection may catch up with."""


def main(host: str, port: str) -> None:
    """Pass on what comes, in both directions, until one side ends."""
    with socket.create_connection((host, int(port))) as there:
        threading.Thread(target=_back, args=[there], daemon=True).start()
        due = time.monotonic()
        while part := os.read(0, 1 << 14):
            there.sendall(part)
            due = max(due, time.monotonic() - AHEAD) + len(part) / RATE
            time.sleep(max(0, due - time.monotonic()))


def _back(there: socket.socket) -> None:
    while part := there.recv(1 << 16):
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
