"""The watchdog on olympias repairs every known fault, one after the other, with nobody there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Inv
from tests.lab.olympias.etc import PMSET
from tests.lab.olympias.faults import FAULTS, QUICK
from tests.lab.olympias.machine import LabVm
from tests.lab.olympias.soaked import BY_OPS, TIMEOUT, done, healer, watched
from tests.sim.soak import soak, table

SEED = 1
MADE = (*FAULTS, *QUICK * 3, QUICK[0])
"""25, the quick ones four times and more; `make soak` has all of them as often."""


@pytest.fixture
def patient(inv: Inv, deployed: LabVm) -> Iterator[Inv]:
    """`inv` of a workstation, for olympias with its watchdog installed."""
    patient = Inv({**inv.env, **TIMEOUT})
    watched(patient)
    yield patient
    done(patient, "watch.uninstall", **BY_OPS)
    deployed.host.sh(f"printf '{PMSET}' >/etc/pmset", "root")


@pytest.mark.reliability
@pytest.mark.timeout(3600)
def test_the_watchdog_repairs_a_random_sequence_of_faults_and_leaves_nothing_behind(
    patient: Inv, deployed: LabVm, figures: list[str]
) -> None:
    took = soak(MADE, len(MADE), SEED, healer(patient, deployed))
    assert sum(len(times) for times in took.values()) == 25 and set(took) == set(FAULTS)
    figures.append(f"olympias, 25 faults, 25 healed, seed {SEED}:\n{table(took)}")
