"""The stages of a rollout: every state of a host is one of them, and from each the table leads to the end."""

from __future__ import annotations

import io
from contextlib import redirect_stdout, suppress

import pytest
from hypothesis import given, settings

from ospreyops.change.site import Site
from ospreyops.console import Console, Screen
from ospreyops.errors import OspreyError
from ospreyops.goals.deploy import TABLE, Stage, deployed, route, stage
from ospreyops.goals.rollout import Rollout
from tests.sim.host import SimHost
from tests.sim.site import sim_site
from tests.sim.states import ANY_HOST, ROLLOUTS


def site(host: SimHost) -> Site:
    with redirect_stdout(io.StringIO()):
        return sim_site(host, Console(Screen(), host.name))


@settings(max_examples=300, deadline=None)
@given(host=ANY_HOST, rollout=ROLLOUTS)
def test_every_state_is_a_stage_whose_route_ends_at_done(host: SimHost, rollout: Rollout) -> None:
    facts = site(host).look()
    at = stage(facts, site(host).target, rollout)
    phases = list(route(at))
    end = phases[-1].then if phases else at
    assert end is (None if at is Stage.BLIND else Stage.DONE)


@settings(max_examples=300, deadline=None)
@given(host=ANY_HOST, rollout=ROLLOUTS)
def test_a_rollout_that_finds_nothing_to_do_is_done(host: SimHost, rollout: Rollout) -> None:
    sim = site(host)
    facts = sim.look()
    with suppress(OspreyError):
        if not list(deployed(facts, sim.target, rollout)) and rollout.wait:
            assert stage(facts, sim.target, rollout) is Stage.DONE


@pytest.mark.parametrize("at", [one for one in Stage if one not in (Stage.BLIND, Stage.DONE)])
def test_from_each_stage_the_route_ends_at_done(at: Stage) -> None:
    assert list(route(at))[-1].then is Stage.DONE


def test_the_table_has_a_phase_for_each_stage_but_the_last() -> None:
    assert TABLE.keys() == set(Stage) - {Stage.DONE}
