"""A VM that stands still takes connections and answers none: a look need not find that out at each of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from ospreyops.facts.engine import EngineRefusal, Refusal
from ospreyops.facts.machine import State
from ospreyops.remote.command import Answer, Command, Vain
from tests.sim.mac import SimMac
from tests.sim.site import simulated
from tests.worlds import with_fault


def test_a_look_at_a_paused_vm_does_not_wait_for_docker_in_it() -> None:
    mac, over, waited = with_fault("paused"), threading.Event(), threading.Event()

    def engine() -> EngineRefusal:
        over.wait(5)
        waited.set()
        return EngineRefusal("ssh: connection timed out", Refusal.SILENT)

    mac.engine = engine  # type: ignore[method-assign]  # a host on which this alone differs
    facts = simulated(mac).look()
    assert not waited.is_set()
    over.set()
    assert (facts.machine.state, facts.engine) == (State.PAUSED, None)


class Noted(SimMac):
    """A Mac that notes what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, Command] = {}

    def ask(self, questions: Mapping[str, Command], *, sudo: bool = False) -> dict[str, Answer]:
        """The answers."""
        self.asked.update(questions)
        return super().ask(questions, sudo=sudo)


def test_what_the_vm_would_have_to_answer_is_in_vain_once_virtualbox_says_that_it_is_paused() -> None:
    mac = Noted()
    simulated(mac).look()
    assert {name for name, asked in mac.asked.items() if asked.vain} == {"guest", "about", "desktop"}
    assert {asked.vain for asked in mac.asked.values()} == {None, Vain("vm", '^VMState="paused"')}
