"""Where Docker runs: a file per kind, found by its name in the settings.

A kind is pure: it makes the lines, and reads their answers. Its class is `Machine`, made from the host's Settings.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Optional, Protocol

from ..errors import Usage
from ..extensions import folders
from ..facts import Facts
from ..facts.engine import EngineRefusal
from ..facts.machine import MachineFacts, Process, Rule
from ..remote.command import Answer, Command, Vain
from ..settings import Settings
from ..step import Action

__path__.extend(folders(__name__))

ALONGSIDE = 1000
"""How many ports there are at most for containers alongside: more than any one user would keep taken."""
EPHEMERAL = 32768
"""From this port on Linux takes ports for outgoing connections (ip_local_port_range); such a port may be taken."""
DIAL_LIMIT = 30
"""Seconds that reading the engine may take."""


class Vm(Protocol):
    """The lines for a machine that is a VM: to make, start, stop and repair it, and to forward its ports."""

    name: str

    def create(self) -> Command:
        """Make and start it."""

    def start(self) -> Action:
        """Start it."""

    def restore(self, *, aborted: bool) -> Action:
        """Start it from its saved state, or without that where it does not load; aborted: that failed before."""

    def stop(self) -> Command:
        """Shut it down."""

    def power_off(self) -> Command:
        """Power it off."""

    def restart(self) -> Command:
        """Shut it down and start it."""

    def resume(self) -> Command:
        """Have a paused one run again, in the way that loses least."""

    def end(self, process: Process) -> Command:
        """Power off one that hangs; process: its own."""

    def set_clock(self, behind: float) -> Command:
        """Set its clock, which is that many seconds behind its host's."""

    def step_clock(self) -> Command:
        """Have its clock set when it drifts again."""

    def start_engine(self) -> Command:
        """Start Docker in it."""

    def renew_certificates(self) -> Command:
        """Make new certificates for its engine, which restarts."""

    def drop_client_certificate(self) -> Command:
        """Have a new certificate of the client made, too, when they are renewed next."""

    def remove(self) -> Command:
        """Remove it, with all that is in it."""

    def remove_files(self) -> Command:
        """Remove the files of one that is not whole."""

    def login(self, line: str = "", *, terminal: bool = False) -> Command:
        """Run a line in it, or a shell; terminal: the line gets one."""

    def engine(self, address: str) -> str:
        """The variables with which a docker command on the host finds the engine at that address."""

    def service_rule(self) -> Rule:
        """The rule that forwards the service's port."""

    def forward(self, rule: Rule, *, running: bool) -> Command:
        """Add a rule."""

    def unforward(self, rule: Rule, *, running: bool) -> Command:
        """Delete a rule."""


class Machine(Protocol):
    """What the rest of the tool needs to know of a kind."""

    kind: str
    dial: Command
    vm: Optional[Vm]
    vain: Optional[Vain]
    """When nothing where the engine is will answer, as another of these questions shows; None where that cannot be."""

    def questions(self) -> dict[str, Command]:
        """What a look asks of this kind, by names that no other part uses."""

    def again(self, answers: Mapping[str, Answer]) -> dict[str, Command]:
        """What is asked once more, with more patience, after those answers; nothing where they tell enough."""

    def facts(self, answers: Mapping[str, Answer], refusal: Optional[EngineRefusal]) -> MachineFacts:
        """What their answers mean; refusal: why Docker did not answer, None if it did."""

    def changes(self, facts: Facts) -> Optional[Command]:
        """A line that prints something when this kind of machine changes, and ends with its input; None without one."""

    def address(self, facts: Facts) -> str:
        """Where a container's ports are, as the host itself reaches them."""

    def switch_traffic(self, facts: Facts, port: int) -> Command:
        """Have new connections to the service's port end at that one, at once; open connections go on."""

    def at_engine(self, line: str) -> str:
        """A line of the docker command, where the engine is."""

    def inside(self, question: Command) -> Command:
        """A question that is asked where the engine is."""

    def environment(self, facts: Facts) -> str:
        """What the start script's docker command is told to find the engine, ending with a space; may be empty."""


def ports_alongside(port: int) -> range:
    """The ports for containers alongside a service at that port."""
    first = port + 1 if port + ALONGSIDE < EPHEMERAL else 20000 + port % 10000 + 1
    return range(first, min(first + ALONGSIDE, EPHEMERAL))


def machine(settings: Settings) -> Machine:
    """The machine of the kind that the settings name. Errors: Usage when there is no such kind."""
    kinds = sorted(module.name for module in pkgutil.iter_modules(__path__))
    if settings.machine not in kinds:
        raise Usage(f"{settings.name}: {settings.machine!r} is no kind of machine", hint=f"one of: {', '.join(kinds)}")
    made: Machine = importlib.import_module(f"{__name__}.{settings.machine}").Machine(settings)
    return made
