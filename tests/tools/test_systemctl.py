"""How the unit of the release's install.sh is read."""

from __future__ import annotations

import pytest

from ospreyops.tools import systemctl
from tests.tools.recorded import Case, check, recorded

READINGS = {"unit": lambda answer: systemctl.unit(answer.out)}


@pytest.mark.parametrize("case", recorded("systemctl"), ids=str)
def test_the_unit_that_keeps_the_service_is_known(case: Case) -> None:
    check(case, READINGS)
