"""The watchdog of olympias sees at once what Docker, VirtualBox's files or the VM's process tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Inv
from tests.lab.olympias.faults import FAULTS
from tests.lab.olympias.machine import LabVm
from tests.lab.olympias.soaked import BY_OPS, TIMEOUT, done, told
from tests.lab.wait import until

EVERY = "3000"
"""Seconds between two looks of the watchdog: longer than any test waits."""


@pytest.fixture
def watched(inv: Inv, awake: LabVm) -> Iterator[LabVm]:
    """olympias, whose watchdog looks by itself once in fifty minutes, and hears of what happens."""
    inv, before = Inv({**inv.env, **TIMEOUT}), len(told(awake))
    done(inv, "watch.install", "--every", EVERY, **BY_OPS)
    until(lambda: told(awake)[before:] == ["healthy"], "the watchdog's word that all is well", 120)
    until(lambda: listens(awake), "a watchdog that listens", 60)
    yield awake
    done(inv, "watch.uninstall", "--wait", **BY_OPS)


def listens(vm: LabVm) -> bool:
    """Both of the watchdog's lines that listen run."""
    programs = vm.host.sh("ps -axo command=", vm.user)
    return "begun" in programs and "dial-stdio" in programs


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(FAULTS[name][1], id=name.replace(" ", "_"))
        for name in ("the container was killed", "the rule was deleted", "the vms process was killed")
    ]
    + [pytest.param(lambda vm: vm.control("pause"), id="the_vm_was_paused")],
)
def test_a_fault_that_an_event_tells_of_is_repaired_long_before_the_next_look(
    inv: Inv, watched: LabVm, make: Callable[[LabVm], object]
) -> None:
    before = len(told(watched))
    make(watched)
    until(lambda: told(watched)[before:] == ["unhealthy", "healthy"], "the watchdog's repair", 300)
    done(inv, "net.check")
