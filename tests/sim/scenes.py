"""More worlds for a terminal: hosts with names, in the states that docs/screens shows, or stopped in the middle."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Callable

from ospreyops.errors import Failed
from tests.conftest import simulate
from tests.sim.answers import EPOCH
from tests.sim.host import SimHost
from tests.sim.mac import SimMac
from tests.worlds import FAULTS, running, serving, unfit

ARCHIVE, RATE = 240_000_000, 12_000_000
"""Bytes of an archive that is loaded, and of it in a second."""
LATER = {"deploy --version 0.3": 40 * 86400, "deploy --version 0.4": 7200, "service.restart": 200}
"""What is done to a server, and seconds until the next is done."""


def stay() -> None:
    """Go on no more; Ctrl-C ends it."""
    threading.Event().wait()


def after(event: threading.Event) -> Callable[[], None]:
    """What answers once that has happened."""

    def wait() -> None:
        event.wait()

    return wait


def fresh() -> SimHost:
    """A server where nothing was ever deployed."""
    return SimHost(name="grisman-36", logs=set())


def server(name: str = "grisman-36") -> SimHost:
    """A server where 0.3 serves."""
    host = running("0.3")
    host.name = name
    return host


def mac(*faults: str) -> SimMac:
    """A Mac where 0.3 served until those faults came."""
    found = serving()
    found.name = "olympias"
    for fault in faults:
        FAULTS[fault](found)
    return found


def taken() -> SimHost:
    """A server where something else listens on the service's port."""
    host = fresh()
    host.listener = "nginx"
    return host


def damaged() -> SimHost:
    """A server whose archive of 0.4 is cut off."""
    host = server()

    def refuse(line: str) -> None:
        if "docker load" in line:
            raise Failed("exit status 1", evidence="gate: damaged it ends too early")

    host.before_run = refuse
    return host


def starting(name: str = "grisman-36") -> SimHost:
    """A server where 0.4 is not healthy yet, and the wait for it goes on and on."""
    host = server(name)
    host.healthy = unfit

    def wait() -> None:
        if host.now > 10:
            stay()

    host.on_sleep = wait
    return host


def draining() -> SimHost:
    """A server where two users are still connected to 0.3, which computes, when 0.4 serves."""
    host = server()
    assert host.service
    host.service = replace(host.service, jobs=("sander",))
    host.connections = {"osprey-service-44342": 2}
    host.on_sleep = stay
    return host


def silent() -> SimMac:
    """A Mac whose VBoxManage does not answer."""
    host = mac()

    def hang() -> None:
        assert host.console
        host.console.left.add("VBoxManage")
        stay()

    host.on_look = hang
    return host


def load(host: SimHost, size: int) -> Callable[[str], None]:
    """What loads an image of so many bytes, as a decoder reads them."""

    def loaded(line: str) -> None:
        begun, done = time.monotonic(), 0
        while "docker load" in line and done < size:
            threading.Event().wait(0.02)
            done = min(int(RATE * (time.monotonic() - begun)), size)
            assert host.console
            host.console.counted(done, size)

    return loaded


def typical() -> SimHost:
    """A server where 0.3 serves; 0.4 takes two seconds to load, and is healthy after four."""
    host = server()
    host.before_run = load(host, 2 * RATE)
    host.healthy = lambda container: container.version != "0.4" or host.now >= 4
    return host


def working() -> list[SimHost]:
    """Three servers, each in another step of a deploy; what they say comes in the same order each time."""
    loading, waiting, asked = server(), starting("grisman-37"), server("jerry")
    waits, looked = threading.Event(), waiting.on_sleep

    def wait() -> None:
        if waiting.now > 10:
            waits.set()
        looked()

    asked.on_look, waiting.on_sleep, loading.before_run = stay, wait, load(loading, ARCHIVE)
    loading.on_look = after(waits)
    return [loading, waiting, asked]


def second_fails() -> list[SimHost]:
    """Three servers: on the second one, 0.4 does not become healthy."""
    hosts = [server(), server("grisman-37"), server("jerry")]
    hosts[1].healthy = unfit
    return hosts


def changed() -> SimHost:
    """A server with a history; this computer has the time of the simulated hosts."""
    host = fresh()
    for line, passed in LATER.items():
        host.healthy = unfit if "0.4" in line else lambda container: True
        simulate(f"{line} -H {host.name}", host)
        host.now += passed
    time.time = lambda: EPOCH + host.now
    return host


WORLDS: dict[str, Callable[[], list[SimHost]]] = {
    "fresh": lambda: [fresh()],
    "server": lambda: [server()],
    "typical": lambda: [typical()],
    "taken": lambda: [taken()],
    "damaged": lambda: [damaged()],
    "starting": lambda: [starting()],
    "draining": lambda: [draining()],
    "ill": lambda: [mac("clock", "forward", "sleep")],
    "hung": lambda: [mac("hung")],
    "silent": lambda: [silent()],
    "working": working,
    "second-fails": second_fails,
    "changed": lambda: [changed()],
}
