"""Fixtures of the tests of settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.places import User


@pytest.fixture
def user(tmp_path: Path) -> User:
    """Somebody with an empty home, and a checkout without settings."""
    return User(tmp_path)
