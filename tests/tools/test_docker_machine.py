"""How docker-machine's files of a VM are read."""

from __future__ import annotations

import pytest

from ospreyops.tools import docker_machine
from tests.tools.recorded import Case, check, recorded

READINGS = {"store": docker_machine.store}


@pytest.mark.parametrize("case", recorded("docker_machine"), ids=str)
def test_a_vm_that_was_not_made_to_its_end_is_known(case: Case) -> None:
    check(case, READINGS)
