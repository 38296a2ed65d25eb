"""How the room on a disk is read."""

from __future__ import annotations

import pytest

from ospreyops.tools import df
from tests.tools.recorded import Case, check, recorded

READINGS = {"free": lambda answer: df.free(answer.out)}


@pytest.mark.parametrize("case", recorded("df"), ids=str)
def test_the_room_on_a_disk_is_known(case: Case) -> None:
    check(case, READINGS)
