"""How listeners and connections are read."""

from __future__ import annotations

import pytest

from ospreyops.tools import sockets
from tests.tools.recorded import Case, check, recorded

READINGS = {
    "listener": lambda answer: sockets.listener(answer.out),
    "open_connections": lambda answer: sockets.open_connections(answer.out, 44342),
}


@pytest.mark.parametrize("case", recorded("sockets"), ids=str)
def test_who_listens_and_how_many_are_connected_is_known(case: Case) -> None:
    check(case, READINGS)
