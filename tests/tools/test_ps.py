"""How processes are read."""

from __future__ import annotations

import pytest

from ospreyops.tools import ps
from tests.tools.recorded import Case, check, recorded

PROGRAMS = ("VBoxManage", "docker-machine", "VBoxHeadless", "VBoxSVC", "bash")
READINGS = {"processes": lambda answer: ps.processes(answer.out, PROGRAMS)}


@pytest.mark.parametrize("case", recorded("ps"), ids=str)
def test_processes_their_groups_and_their_ages_are_known(case: Case) -> None:
    check(case, READINGS)
