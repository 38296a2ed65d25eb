"""How a certificate is read from what openssl shows."""

from __future__ import annotations

import pytest

from ospreyops.tools import openssl
from tests.tools.recorded import Case, check, recorded

READINGS = {"certificate": openssl.certificate}


@pytest.mark.parametrize("case", recorded("openssl"), ids=str)
def test_whose_certificate_it_is_and_until_when_is_known(case: Case) -> None:
    check(case, READINGS)
