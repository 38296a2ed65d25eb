"""How a VM's answer is read."""

from __future__ import annotations

import pytest

from ospreyops.tools import guest
from tests.tools.recorded import Case, check, recorded

READINGS = {"guest": lambda answer: guest.guest(answer, None)}


@pytest.mark.parametrize("case", recorded("guest"), ids=str)
def test_the_clock_the_disk_the_address_and_the_certificate_of_a_vm_are_known(case: Case) -> None:
    check(case, READINGS)
