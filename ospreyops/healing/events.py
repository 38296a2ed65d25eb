"""What tells of a change on a host before the next look would: Docker's own events, and VirtualBox's files."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Callable

from ..errors import OspreyError
from ..facts import Facts
from ..remote.command import Command
from ..remote.host import Host
from ..remote.streams import Stream
from ..target import Target

LIMIT = 3600
"""Seconds after which a line that listens begins anew."""
Hear = Callable[[Stream], Iterator[None]]


class Events:
    """Listens on a host, as long as this process lives. An event says that something changed, and never what."""

    def __init__(self) -> None:
        self._happened = threading.Event()
        self._listening: set[str] = set()

    def listen(self, host: Host, target: Target, facts: Facts) -> None:
        """Listen to what is not listened to yet. Where that cannot be, the next look tells as it did before.

        That it begins, and that it ends, is an event: what happened before it began, or while it ended, is not told.
        """
        for name, (line, hear) in lines(target, facts).items():
            if name not in self._listening:
                with suppress(OspreyError):
                    stream = host.stream(replace(line, limit=LIMIT))
                    self._listening.add(name)
                    threading.Thread(target=self._hear, args=(name, stream, hear), daemon=True).start()

    def clear(self) -> None:
        """Forget what happened so far: a look follows."""
        self._happened.clear()

    def wait(self, seconds: float, sleep: Callable[[float], None]) -> bool:
        """Wait for an event; true when there was one. Where nothing is listened to, it sleeps."""
        if not self._listening and not self._happened.is_set():
            sleep(seconds)
            return False
        return self._happened.wait(seconds)

    def _hear(self, name: str, stream: Stream, hear: Hear) -> None:
        with suppress(OSError, EOFError, ValueError, http.client.HTTPException):
            for _ in hear(stream):
                self._happened.set()
        stream.finish()
        self._listening.discard(name)
        self._happened.set()


def lines(target: Target, facts: Facts) -> Mapping[str, tuple[Command, Hear]]:
    """The lines that listen, and how what they say becomes events."""
    from ..tools.docker_events import events

    machine = target.machine
    docker = replace(machine.dial, sudo=machine.dial.sudo or bool(facts.engine and facts.engine.sudo))
    changes = machine.changes(facts)
    return {"docker": (docker, events), **({"machine": (changes, _said)} if changes else {})}


def _said(stream: Stream) -> Iterator[None]:
    """An item for whatever the line prints."""
    while stream.sock.recv(65536):
        yield
