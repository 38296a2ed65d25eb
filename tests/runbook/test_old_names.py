"""Names that settings and options had in an older version, which people's files and checklists still have."""

from __future__ import annotations

import pytest

from ospreyops.errors import Usage
from ospreyops.settings import OLD_NAMES, settings
from tests.conftest import Inv
from tests.worlds import Sim, running, unfit

NAMES = [("patience", "health_timeout"), ("connect_limit", "ssh_connect_timeout")]


def test_the_old_names_of_settings_are_these() -> None:
    assert sorted(OLD_NAMES.items()) == sorted(NAMES)


@pytest.mark.parametrize(("old", "new"), NAMES)
def test_a_setting_is_read_under_its_old_name_for_one_host_and_for_all(old: str, new: str) -> None:
    assert getattr(settings({old: 77}, "olympias"), new) == 77
    own = {"hosts": {"olympias": {old: 78}}, old: 77}
    assert getattr(settings(own, "olympias"), new) == 78
    assert getattr(settings(own, "another"), new) == 77


@pytest.mark.parametrize(("old", "new"), NAMES)
def test_the_new_name_of_a_setting_counts_before_the_old_one(old: str, new: str) -> None:
    assert getattr(settings({old: 77, new: 78}, "olympias"), new) == 78
    assert getattr(settings({"hosts": {"olympias": {old: 77, new: 78}}}, "olympias"), new) == 78


@pytest.mark.parametrize(("old", "new"), NAMES)
def test_a_wrong_value_is_said_under_the_name_that_was_given(old: str, new: str) -> None:
    with pytest.raises(Usage, match=f"osprey.{old} is 'soon'"):
        settings({old: "soon"}, "olympias")


@pytest.mark.parametrize("flag", ["--patience", "--health-timeout"])
@pytest.mark.parametrize("line", ["deploy --version 0.4", "service.restart", "rollback --version 0.4"])
def test_the_old_option_bounds_the_wait_as_the_new_one_does(sim: Sim, line: str, flag: str) -> None:
    host = running()
    if line == "service.restart":
        host.healthy = lambda container: container.id == "c1"
    else:
        host.healthy = unfit
    ran = sim(f"{line} {flag} 7 -H sim", host)
    assert ran.code == 2
    assert "gave up after 7 s" in ran.err, ran.said


def test_the_old_names_are_read_from_the_environment() -> None:
    for variable in ("INVOKE_OSPREY_PATIENCE", "INVOKE_OSPREY_CONNECT_LIMIT"):
        ran = Inv({variable: "0"})("status", "-H", "localhost")
        assert ran.code == 1
        assert f"osprey.{variable[14:].lower()} is 0" in ran.err
