"""How VirtualBox's words are read."""

from __future__ import annotations

import pytest

from ospreyops.tools import vboxmanage
from tests.tools.recorded import Case, check, recorded

READINGS = {
    "info": lambda answer: vboxmanage.info(answer, "osprey-service"),
}


@pytest.mark.parametrize("case", recorded("vboxmanage"), ids=str)
def test_the_state_the_rules_the_disk_and_the_clock_of_a_vm_are_known(case: Case) -> None:
    check(case, READINGS)
