"""`ls` and `active`: a row for each machine, and the limit that does not protect from a VBoxManage that hangs."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional

from . import engine
from .errors import Failure, NotRunning, Unknown
from .log import LOG
from .store import Machine, Store
from .template import Template, columns
from .virtualbox import VirtualBox

HEADERS = {
    "Name": "NAME",
    "Active": "ACTIVE",
    "DriverName": "DRIVER",
    "State": "STATE",
    "URL": "URL",
    "Swarm": "SWARM",
    "DockerVersion": "DOCKER",
    "Error": "ERRORS",
}
DEFAULT = "table " + "\t".join(f"{{{{.{field}}}}}" for field in HEADERS)
DRIVER = threading.Lock()


@dataclass
class Row:
    """What `ls` says of a machine; empty fields for what was not found out."""

    Name: str
    DriverName: str
    State: str
    Active: str = ""
    ActiveHost: bool = False
    ActiveSwarm: bool = False
    URL: str = ""
    Swarm: str = ""
    DockerVersion: str = ""
    Error: str = ""
    ResponseTime: str = "0s"

    def value(self, path: str, column: int) -> Any:
        """The field of a template's path."""
        name = path[1:]
        if name in ("SwarmOptions", "EngineOptions"):
            raise Unknown(f"the field {path}")
        if name not in vars(self):
            place = f'template: :1:{column}: executing "" at <{path}>'
            raise Failure(f"{place}: can't evaluate field {name} in type commands.HostListItem")
        return vars(self)[name]


def ls(store: Store, form: str, filters: list[str], limit: int, quiet: bool) -> None:
    """Print the machines that pass the filters."""
    wanted = [_filter(text) for text in filters]
    machines, broken = _load(store)
    machines = [machine for machine in machines if _passes(machine, wanted)]
    if quiet:
        print("".join(f"{machine.name}\n" for machine in machines), end="", flush=True)
        return
    table = not form or form.startswith("table ")
    template = Template((form or DEFAULT)[len("table ") :] if table else form, {})
    found = [template.fill(row.value) for row in _rows(machines, broken, limit)]
    if table:
        heads = template.fill(lambda path, column: HEADERS[path[1:]] if path[1:] in HEADERS else _unknown(path))
        print(columns([line.split("\t") for line in (heads, *found)]), end="", flush=True)
    else:
        print("".join(f"{line}\n" for line in found), end="", flush=True)


def active(store: Store, limit: int) -> None:
    """Print the machine that DOCKER_HOST names."""
    rows = _rows(*_load(store), limit)
    for row in rows:
        if row.ActiveHost:
            print(row.Name, flush=True)
            return
    late = any(row.State == "Timeout" for row in rows)
    raise Failure("Error getting active host: timeout" if late else "No active host found")


def _load(store: Store) -> tuple[list[Machine], list[Row]]:
    """The machines, and a row for each whose config.json cannot be read."""
    machines, broken = [], []
    for name in store.names():
        try:
            machines.append(store.load(name))
        except Failure as failure:
            broken.append(Row(name, "not found", "Error", Error=str(failure)))
    return machines, broken


def _rows(machines: list[Machine], broken: list[Row], limit: int) -> list[Row]:
    """The machines' rows; one that is late is made with the driver's lock, which a hung call never gives back."""
    rows: dict[str, Row] = {}
    threads = [threading.Thread(target=_ask, args=(machine, rows), daemon=True) for machine in machines]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    found = list(broken)
    for machine, thread in zip(machines, threads):
        thread.join(max(0, started + limit - time.monotonic()))
        row = rows.get(machine.name)
        if not row:
            with DRIVER:
                row = Row(machine.name, machine.config["DriverName"], "Timeout", ResponseTime=_took(started))
        found.append(row)
    return sorted(found, key=lambda row: row.Name.lower())


def _ask(machine: Machine, rows: dict[str, Row]) -> None:
    """Find out about a machine: its address, or else its state, then the engine's version."""
    started = time.monotonic()
    driver = VirtualBox(machine)
    url, state, error = "", "Running", ""
    version = "Unknown"
    try:
        with DRIVER:
            url = driver.url()
        version = f"v{engine.version(machine, url)}"
    except NotRunning:
        state = _locked(lambda: driver.state)
    except Failure as failure:
        error = str(failure)
        state = state if url else _locked(lambda: driver.state)
    chosen = bool(url) and os.environ.get("DOCKER_HOST") == url
    name = machine.config["DriverName"]
    mark, took = "*" if chosen else "-", _took(started)
    rows[machine.name] = Row(machine.name, name, state, mark, chosen, False, url, "", version, error, took)


def _locked(state: Callable[[], str]) -> str:
    with DRIVER:
        try:
            return state()
        except Failure:
            return "Error"


def _filter(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise Failure("Unsupported filter syntax")
    if key not in ("name", "state", "driver", "label", "swarm"):
        raise Failure(f"Unsupported filter key '{key}'")
    try:
        re.compile(value)
    except re.error:
        raise Unknown(f"the pattern {value}") from None
    return key, value


def _passes(machine: Machine, wanted: list[tuple[str, str]]) -> bool:
    """Whether, for every kind of filter, one of that kind holds; the state is asked without a limit."""
    tests: dict[str, Callable[[str], Optional[object]]] = {
        "name": lambda value: re.search(value, machine.name),
        "driver": lambda value: value == machine.config["DriverName"],
        "label": lambda value: value in machine.engine["Labels"],
        "swarm": lambda value: False,
        "state": lambda value: value == _state(machine),
    }
    kinds = {key for key, _ in wanted}
    return all(any(tests[key](value) for key, value in wanted if key == kind) for kind in kinds)


def _state(machine: Machine) -> str:
    """The state for a filter; a warning if it cannot be asked."""
    try:
        return VirtualBox(machine).state
    except Failure as failure:
        LOG.info(str(failure))
        return "Error"


def _took(started: float) -> str:
    """A duration as Go prints it, in milliseconds."""
    seconds = round(time.monotonic() - started, 3)
    return f"{round(seconds * 1000)}ms" if seconds < 1 else f"{seconds:g}s"


def _unknown(path: str) -> str:
    raise Unknown(f"the header of {path}")
