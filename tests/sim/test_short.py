"""The telling words of lines: none is passed over by mistake."""

from __future__ import annotations

import pytest

from tests.sim.short import short


def test_a_line_that_is_not_known_fails() -> None:
    with pytest.raises(AssertionError, match="docker pause osprey-service"):
        short(["docker stop osprey-service", "docker pause osprey-service"])


def test_only_what_is_listed_is_passed_over() -> None:
    assert short(["rm -f /srv/.ospreyops/wanted", "curl --insecure https://localhost/about"]) == []
    with pytest.raises(AssertionError):
        short(["rm -f /srv/.ospreyops/lock"])
