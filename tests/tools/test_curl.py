"""How a curl that failed is read."""

from __future__ import annotations

import pytest

from ospreyops.tools import curl
from tests.tools.recorded import Case, check, recorded

READINGS = {"problem": curl.problem}


@pytest.mark.parametrize("case", recorded("curl"), ids=str)
def test_what_curl_met_is_known(case: Case) -> None:
    check(case, READINGS)
