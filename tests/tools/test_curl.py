"""How a curl that failed is read, and one that shows a certificate."""

from __future__ import annotations

import pytest

from ospreyops.tools import curl
from tests.tools.recorded import Case, check, recorded

READINGS = {"problem": curl.problem, "certificate": curl.certificate}


@pytest.mark.parametrize("case", recorded("curl"), ids=str)
def test_what_curl_met_and_whose_certificate_it_was_shown_is_known(case: Case) -> None:
    check(case, READINGS)
