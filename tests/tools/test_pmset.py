"""How a Mac's sleep is read."""

from __future__ import annotations

import pytest

from ospreyops.tools import pmset
from tests.tools.recorded import Case, check, recorded

READINGS = {"sleeps_after": lambda answer: pmset.sleeps_after(answer.out)}


@pytest.mark.parametrize("case", recorded("pmset"), ids=str)
def test_when_a_mac_goes_to_sleep_is_known(case: Case) -> None:
    check(case, READINGS)
