"""`inv deploy` alone shows what could be deployed, and deploys nothing."""

from __future__ import annotations

from tests.sim.host import SimHost
from tests.worlds import Sim, running


def test_deploy_alone_lists_the_releases_and_says_which_runs_and_which_is_newest(sim: Sim) -> None:
    host = running("0.4", archives={"0.3", "0.4", "0.10"})
    host.proven.insert(0, "0.3")
    before = host.ran.copy()
    ran = sim("deploy -H sim", host)
    rows = [line.split() for line in ran.out.splitlines()]
    assert [row[0] for row in rows] == ["RELEASE", "0.10", "0.4", "0.3"]
    assert rows[1][-1] == "newest"
    assert rows[2][-2:] == ["running,", "desired"]
    assert " ".join(rows[3][-2:]) == "rollback target"
    assert ran.err == "FAILED which version?\n  try: inv deploy 0.10 -H sim\n"
    assert (ran.code, host.ran) == (1, before)


def test_deploy_alone_lists_the_releases_of_each_of_several_hosts(sim: Sim) -> None:
    ran = sim("deploy -H one,two", running("0.3", name="one"), running("0.4", name="two"))
    for name in ("one", "two"):
        assert f"{name:<10} | RELEASE" in ran.out
        assert f"try: inv deploy 0.4 -H {name}" in ran.err
    assert (ran.code, "not begun" in ran.said) == (1, False)


def test_after_the_first_deploy_alone_a_look_is_next(sim: Sim) -> None:
    host = SimHost()
    assert sim("deploy 0.3 -H sim", host).out.endswith("\nnext: inv status -H sim\n")
    assert "next:" not in sim("deploy 0.3 -H sim", host).out
    assert "next:" not in sim("deploy 0.4 -H sim", host).out


def test_deploy_alone_says_where_no_release_is(sim: Sim) -> None:
    ran = sim("deploy -H sim", SimHost(archives=set()))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("FAILED which version? sim has no release\n")


def test_a_version_that_the_host_does_not_have_is_answered_with_one_like_it(sim: Sim) -> None:
    ran = sim("deploy 0.33 -H sim", SimHost(archives={"0.3"}))
    assert ran.code == 3
    assert "release 0.33 is not on sim; did you mean 0.3?" in ran.err


def test_what_is_no_version_is_answered_with_the_version_in_it(sim: Sim) -> None:
    ran = sim("deploy 0,3 -H sim", SimHost())
    assert (ran.code, ran.err) == (1, "FAILED '0,3' is not a version; did you mean 0.3?\n")


def test_what_is_typed_with_a_v_is_in_the_history_without(sim: Sim) -> None:
    host = SimHost()
    assert sim("deploy v0.3 -H sim", host).code == 0
    assert "deploy --version 0.3" in sim("history -H sim", host).out
