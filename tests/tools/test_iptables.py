"""How the way of new connections is read."""

from __future__ import annotations

import pytest

from ospreyops.tools import iptables
from tests.tools.recorded import Case, check, recorded

READINGS = {"room": lambda answer: iptables.room(answer.out, 44342)}


@pytest.mark.parametrize("case", recorded("iptables"), ids=str)
def test_where_new_connections_end_and_which_ports_are_taken_is_known(case: Case) -> None:
    check(case, READINGS)
